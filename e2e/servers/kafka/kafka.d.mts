/** Of `../lib/server.mjs`; `install` returns the folder of the jars and the `java` that runs them. */
export const kafka: { install(): Promise<{ readonly jars: string; readonly java: string }> };
