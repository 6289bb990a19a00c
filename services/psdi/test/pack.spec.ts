import { PackPublished } from '@stella/contracts/stella/marketplace/v1alpha/events';
import { nativeIsHere } from '@stella/native/testing';
import { Compiler } from './support/programs.js';
import { createIndex, PsdiRuntime, sha256 } from './support/psdi-runtime.js';

const describeHere = nativeIsHere('psdi packs') ? describe : describe.skip;
const TOPIC = 'stella.marketplace.pack-published.v1alpha';

describeHere('a published pack', () => {
  let psdi: PsdiRuntime;
  let compiler: Compiler;
  beforeAll(async () => {
    psdi = await PsdiRuntime.start();
    compiler = new Compiler(psdi.folder);
  }, 60_000);
  afterAll(() => psdi.stop());

  async function publish(tenant: string, pack: string, files: readonly Uint8Array[]): Promise<void> {
    for (const bytes of files) await psdi.test.blobs.put(bytes);
    const published = files.map((bytes) => ({ sha256: sha256(bytes), gnuBuildId: '', goBuildId: '', hasDebugInfo: false }));
    const payload = PackPublished.encode({ pack, kind: 'symbols', manifestSha256: 'ab'.repeat(32), files: published }).finish();
    await psdi.context.database.tx((tx) => psdi.context.events.append(tx, { topic: TOPIC, tenant, key: pack, payload }));
    await psdi.test.settle();
  }

  const outcomes = (pack: string) => psdi.context.database.query('SELECT tenant, sha256, outcome, reason FROM pack_files WHERE pack = $1 ORDER BY outcome, reason', [pack]);

  test('its programs are indexed before anybody asks; what is no program is skipped, and why is kept', async () => {
    const { program, debug } = compiler.withDebugFile();
    const text = Buffer.from('int main;\n');
    const cut = compiler.program({ constant: 50 }).subarray(0, 3_000);
    await publish('acme', 'namespaces/a/packs/p/versions/1.0.0', [program, debug, text, cut]);
    expect(await outcomes('namespaces/a/packs/p/versions/1.0.0')).toEqual([
      { tenant: 'acme', sha256: sha256(program), outcome: 'indexed', reason: '' },
      { tenant: 'acme', sha256: sha256(cut), outcome: 'refused', reason: 'INPUT_TRUNCATED' },
      { tenant: 'acme', sha256: sha256(debug), outcome: 'skipped', reason: 'ARTIFACT_WITHOUT_CODE' },
      { tenant: 'acme', sha256: sha256(text), outcome: 'skipped', reason: 'INPUT_NOT_ELF' },
    ]);
    const before = psdi.lifter.lifts;
    expect((await createIndex(psdi.client(), sha256(program))).cached).toBe(true);
    expect(psdi.lifter.lifts).toBe(before);
    await expect(createIndex(psdi.client('other'), sha256(program))).rejects.toMatchObject({ reason: 'ARTIFACT_NOT_FOUND' });
    const metrics = await psdi.metrics();
    expect(metrics).toMatch(/psdi_pack_files_total\{outcome="skipped"\} 2/);
    expect(metrics).toMatch(/psdi_index_lag_seconds_count 1/);
  });

  test('a file on which the lifter dies is refused, and the others are indexed', async () => {
    const program = compiler.program({ constant: 60 });
    await psdi.lifter.crashing(() => publish('acme', 'namespaces/a/packs/p/versions/1.0.1', [program]));
    expect(await outcomes('namespaces/a/packs/p/versions/1.0.1')).toMatchObject([{ reason: 'NATIVE_CRASHED' }]);
    await publish('acme', 'namespaces/a/packs/p/versions/1.0.2', [program, compiler.program({ constant: 61 })]);
    expect(await outcomes('namespaces/a/packs/p/versions/1.0.2')).toMatchObject([{ outcome: 'indexed' }, { outcome: 'indexed' }]);
  });
});
