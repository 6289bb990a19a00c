import { digestIn } from '../command.js';
import { sha256OfPath } from '../io/sha256-of-path.js';
import type { Session } from '../session.js';
import { localRelease, type LocalRelease } from './local-release.js';

/** An artifact that the system has. */
export interface RegisteredArtifact {
  readonly sha256: string;
  readonly label: string;
  readonly resourceUri: string;
}

/** Registers a program of this machine; what the system has is not sent again. */
export async function registerRelease(session: Session, { path, label, resourceUri }: LocalRelease): Promise<RegisteredArtifact> {
  const client = await session.client();
  session.output.progress(`sending ${label}`);
  const { sha256 } = await client.uploadArtifact(path, { ...session.call, label });
  return { sha256, label, resourceUri };
}

/** The artifact that a release name, a path or a digest means; a digest has to be registered already. */
export async function artifactOf(session: Session, text: string): Promise<RegisteredArtifact> {
  const digest = digestIn(text);
  if (digest === undefined) return registerRelease(session, await localRelease(session.io, text));
  const client = await session.client();
  const { artifact } = await client.psdi.getArtifact({ name: `artifacts/${digest}` }, session.call);
  return { sha256: digest, label: artifact?.label ?? '', resourceUri: `pkg:generic/artifact?checksum=sha256:${digest}` };
}

/** The digest that a release name, a path or a digest means; nothing is sent. */
export async function digestOfSubject(session: Session, text: string): Promise<string> {
  return digestIn(text) ?? sha256OfPath((await localRelease(session.io, text)).path);
}
