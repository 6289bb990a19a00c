import { fileURLToPath } from 'node:url';
import { migrate, readMigrations, provisionService, Database } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';

const folder = fileURLToPath(new URL('../migrations', import.meta.url));

let server: TestDatabase;
beforeAll(async () => {
  server = await startTestDatabase();
}, 60_000);
afterAll(() => server.stop());

const HEX = (digit: string): string => digit.repeat(64);

/** What the version before does, word for word: it runs beside this one while an installation is upgraded. */
const BEFORE = {
  addVerdict: `INSERT INTO verdicts (id, tenant, request_digest, outcome, baseline_sha256, candidate_sha256, policy_id, policy_sha256, envelope_sha256,
         vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, supersedes, issued_at, asked_sha256, trust_root_sha256, is_whole, start_time,
         subjects, considered)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
  begin: `INSERT INTO evaluations (id, tenant, request_digest, state, stage, start_time, update_time) VALUES ($1, $2, $3, 'running', '', $4, $4)
       ON CONFLICT (tenant, request_digest) WHERE state = 'running' DO UPDATE SET update_time = excluded.update_time RETURNING id`,
  revoke: 'UPDATE verdicts SET revoked_at = $3, revoked_reason = $4, revoked_note = $5 WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL',
  list: 'SELECT id, revoked_at, revoked_reason FROM verdicts WHERE revoked_at IS NOT NULL ORDER BY revoked_at, id LIMIT $1',
  nextList: 'UPDATE revocation_list SET version = $1, entry_count = $2, envelope_sha256 = $3, signer = $4, issued_at = $5',
};

const verdictValues = (id: string, outcome: string): unknown[] => [
  id, 'acme', HEX('1'), outcome, HEX('b'), HEX('c'), 'standard', HEX('2'), HEX('3'), '', HEX('4'), 10, 5, '', new Date(), HEX('5'), HEX('6'), true, new Date(), ['x'], [HEX('7')],
];

test('the schema works with the version before it, and what that wrote is listed', async () => {
  const { connection } = await provisionService(server.administrator, 'gate');
  const migrations = await readMigrations(folder);
  const isNew = ({ name }: { readonly name: string }): boolean => name >= '0003';
  await migrate(connection, migrations.filter((one) => !isNew(one)));
  const database = new Database({ connection, name: 'gate' });
  try {
    await database.execute(BEFORE.addVerdict, verdictValues(HEX('a'), 'ALLOW'));
    await database.execute(BEFORE.revoke, ['acme', HEX('a'), new Date(), 'superseded', '']);
    await database.execute(BEFORE.nextList, [41, 1, HEX('8'), 'signer', new Date()]);
    await migrate(connection, migrations);
    // It goes on as before.
    for (const [id, outcome] of [[HEX('d'), 'ALLOW'], [HEX('e'), 'DENY']] as const) {
      await database.execute(BEFORE.addVerdict, verdictValues(id, outcome));
      await database.execute(BEFORE.revoke, ['acme', id, new Date(), 'withdrawn', 'a note']);
    }
    expect(await database.query(BEFORE.begin, ['00000000-0000-4000-8000-000000000000', 'acme', HEX('9'), new Date()])).toHaveLength(1);
    expect(await database.query(BEFORE.list, [100])).toHaveLength(3);
    // A DENY says no by itself.
    const entries = await database.query<{ id: string; kind: string; reason: string }>('SELECT kind, id, reason FROM revocation_entries ORDER BY id');
    expect(entries).toEqual([{ kind: 'verdict', id: HEX('a'), reason: 'superseded' }, { kind: 'verdict', id: HEX('d'), reason: 'withdrawn' }]);
    // Versions of the tenants' lists go on from the list that all shared.
    await database.execute('INSERT INTO revocation_lists (tenant, version) SELECT $1, version FROM revocation_list ON CONFLICT DO NOTHING', ['acme']);
    expect(await database.query('SELECT version FROM revocation_lists')).toEqual([{ version: 41n }]);
  } finally {
    await database.close();
  }
}, 60_000);
