/** Resource names (AIP-122). What comes from the wire has been held against the proto's patterns before. */
export const namespaceName = (namespaceId: string): string => `namespaces/${namespaceId}`;
export const keyName = (namespaceId: string, fingerprint: string): string => `${namespaceName(namespaceId)}/keys/${fingerprint}`;
export const uploadName = (namespaceId: string, uploadId: string): string => `${namespaceName(namespaceId)}/uploads/${uploadId}`;
export const packName = (namespaceId: string, pack: string, version: string): string =>
  `${namespaceName(namespaceId)}/packs/${pack}/versions/${version}`;

/** Of a namespace or of anything below it. */
export function namespaceIdOf(name: string): string {
  return name.split('/')[1] ?? '';
}

/** The last part of a name of keys or uploads. */
export function lastIdOf(name: string): string {
  return name.split('/')[3] ?? '';
}
