import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { answerOf } from '../lib/health.mjs';

const HOST = '127.0.0.1';
/** What `kc.sh build` fixes. The database is a file of its own: killing PostgreSQL must not take the identity provider along. */
export const BUILD_OPTIONS = ['--db=dev-file', '--health-enabled=true', '--metrics-enabled=true'];
/** As in `bin/kc.sh`, which starts the server as its child; we need the server's own process. */
const JAVA_OPTIONS = [
  ...['-Xms64m', '-Xmx384m', '-XX:MetaspaceSize=96m', '-XX:MaxMetaspaceSize=256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError'],
  ...['java.util', 'java.util.concurrent', 'java.security', 'java.lang'].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
  ...['file.encoding=UTF-8', 'java.util.logging.manager=org.jboss.logmanager.LogManager', 'picocli.disable.closures=true', 'quarkus-log-max-startup-records=10000'].map((property) => `-D${property}`),
];
const PARTS = ['lib', 'providers', 'themes', 'conf'];

export function urlOf(ports) {
  return `http://${HOST}:${ports.server}`;
}

/** A home whose programs are the installation's and whose data is its own. @returns {string} */
export function homeIn(folder, { distribution }) {
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  for (const part of PARTS) {
    rmSync(join(home, part), { force: true });
    symlinkSync(join(distribution, part), join(home, part));
  }
  return home;
}

/** @param {{ folder: string, ports: { server: number, management: number }, installation: { java: string }, env?: Record<string, string> }} start */
export function launchOf({ folder, ports, installation, env = {} }) {
  const home = join(folder, 'home');
  const options = [
    ...['--optimized', '--import-realm', '--cache=local'],
    // It reports each time that it is asked too early.
    '--log-level=info,io.smallrye.health:error',
    ...['--http-enabled=true', `--http-host=${HOST}`, `--http-port=${ports.server}`, `--http-management-port=${ports.management}`],
    // The issuer is always the same; its endpoints are named as the caller reached it, be it through a proxy.
    ...[`--hostname=${urlOf(ports)}`, '--hostname-backchannel-dynamic=true'],
  ];
  return {
    command: installation.java,
    args: [...JAVA_OPTIONS, `-Dkc.home.dir=${home}`, `-Djboss.server.config.dir=${join(home, 'conf')}`, '-cp', join(home, 'lib', 'quarkus-run.jar'), 'io.quarkus.bootstrap.runner.QuarkusEntryPoint', 'start', ...options],
    env: { HOME: folder, ...env },
  };
}

/** @param {{ ports: { server: number, management: number }, realms: readonly string[] }} what */
export async function check({ ports, realms }) {
  await answerOf(`http://${HOST}:${ports.management}/health/ready`);
  for (const realm of realms) await answerOf(`${urlOf(ports)}/realms/${realm}/.well-known/openid-configuration`);
}
