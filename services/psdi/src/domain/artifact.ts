/** One binary file of one tenant, known by its SHA-256. */
export interface Artifact {
  readonly tenant: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** What who brought it calls it; proves nothing. */
  readonly label: string;
  readonly createTime: Date;
}
