const ALGORITHMS = { sha512: 'SHA-512', sha256: 'SHA-256', sha1: 'SHA-1' };

/**
 * CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): every npm package of the closure and every crate of the native
 * executable, with the digests that the lock files hold. It has no time and no serial number: the same inputs, the same bytes.
 */
export function billOfMaterials(image, closure, lock, cargoLock) {
  const packages = closure.filter(({ path, link }) => link === undefined && path.includes('node_modules/'));
  const own = closure.filter(({ path, link }) => link === undefined && !path.includes('node_modules/'));
  const components = [...packages.map(({ path, name }) => npmComponent(name, lock.packages[path])), ...own.map(({ path, name }) => ownComponent(name, lock.packages[path])), ...crates(cargoLock)];
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'container', 'bom-ref': `stella-${image}`, name: `stella-${image}`, version: lock.version } },
    components: unique(components),
  };
}

function npmComponent(name, { version, license, integrity }) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return { type: 'library', 'bom-ref': purl, name, version, purl, ...(license && { licenses: [licenseOf(license)] }), ...(integrity && { hashes: hashesOf(integrity) }) };
}

function ownComponent(name, { version, license }) {
  return { type: 'library', 'bom-ref': name, name, version: version ?? '0.0.0', ...(license && { licenses: [licenseOf(license)] }) };
}

function licenseOf(text) {
  return /^[A-Za-z0-9.+-]+$/.test(text) ? { license: { id: text } } : { expression: text.replace(/^\((.*)\)$/, '$1') };
}

/** `sha512-<base64> …` (Subresource Integrity) as hexadecimal digits. */
function hashesOf(integrity) {
  return integrity.split(' ').map((one) => {
    const cut = one.indexOf('-');
    return { alg: ALGORITHMS[one.slice(0, cut)], content: Buffer.from(one.slice(cut + 1), 'base64').toString('hex') };
  });
}

function crates(cargoLock = '') {
  return cargoLock.split('[[package]]').slice(1).map((block) => {
    const value = (key) => new RegExp(`^${key} = "([^"]*)"$`, 'm').exec(block)?.[1];
    const [name, version, checksum] = ['name', 'version', 'checksum'].map(value);
    const purl = `pkg:cargo/${name}@${version}`;
    return { type: 'library', 'bom-ref': purl, name, version, purl, ...(checksum && { hashes: [{ alg: 'SHA-256', content: checksum }] }) };
  });
}

/** The same package may lie in two places. */
function unique(components) {
  return [...new Map(components.map((component) => [component['bom-ref'], component])).values()];
}
