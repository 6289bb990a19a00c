import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, EmbeddedPostgres } from '@stella/platform-database';

test('after the server has come back the same pool works on, and what failed meanwhile had its reason', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stella-restart-'));
  await chmod(folder, 0o711);
  const start = () => EmbeddedPostgres.start({ dataFolder: join(folder, 'data'), socketFolder: join(folder, 'run'), withoutDurability: true });
  let server = await start();
  const database = new Database({ connection: server.connection(), name: 'restart', connectTimeoutMs: 2_000 });
  try {
    await database.execute('CREATE TABLE kept (n int)');
    const cut = database.tx(async (tx) => {
      await tx.execute('INSERT INTO kept VALUES (1)');
      await server.stop();
      await tx.execute('INSERT INTO kept VALUES (2)');
    });
    await expect(cut).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
    await expect(database.query('SELECT 1')).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
    server = await start();
    expect(await database.query('SELECT n FROM kept')).toEqual([]);
    await database.tx((tx) => tx.execute('INSERT INTO kept VALUES (3)'));
    expect(await database.query('SELECT n FROM kept')).toEqual([{ n: 3 }]);
  } finally {
    await database.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 90_000);
