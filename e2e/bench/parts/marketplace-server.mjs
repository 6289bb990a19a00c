// The marketplace with so many published builds, as a process of its own; tells its parent where it listens, and ends
// with it. argv: folder of the builds, how many files there are, how many ids to publish.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { marketplaceService } from '@stella/marketplace';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { startTestDatabase } from '@stella/platform-database/testing';
import { startTestRuntime } from '@stella/platform-runtime/testing';
import { buildIdOf } from '../lib/build-ids.mjs';

const ROWS_AT_ONCE = 5_000;
const [folder, fileCount, idCount] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

const blobs = await DirectoryBlobStore.open(join(folder, `blobs-${idCount}`));
const files = [];
for (let number = 0; number < fileCount; number++) files.push(await blobs.put(readFileSync(join(folder, 'builds', `build-${number}`))));
const database = await startTestDatabase();
const service = marketplaceService();
await publish(await database.service(service.name, service.migrationsFolder));
const startedMs = performance.now();
const runtime = await startTestRuntime([service], { database, blobs, logLevel: 'info' });
process.send({ url: runtime.runtime.httpAddress, readyMs: performance.now() - startedMs });
process.once('disconnect', () => void stop());

async function stop() {
  await runtime.stop();
  await database.stop();
  process.exit(0);
}

/** Straight into the tables, as published packs of one file each; beyond the files that there are, ids share their bytes. */
async function publish(sql) {
  await sql.execute("INSERT INTO namespaces (id, tenant, create_time) VALUES ('bench', 'bench', now())");
  for (let first = 0; first < idCount; first += ROWS_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(ROWS_AT_ONCE, idCount - first) }, (_, at) => first + at);
    const ids = numbers.map(() => randomUUID());
    await sql.execute(
      `INSERT INTO packs (id, name, namespace_id, tenant, kind, licence, visibility, state, manifest_sha256, payload_digest, key_fingerprint, create_time, publish_time)
       SELECT id, 'namespaces/bench/packs/build/versions/1.0.' || number, 'bench', 'bench', 'symbols', 'Apache-2.0', 'public', 'published',
         sha, encode(sha256(id::text::bytea), 'hex'), sha, now(), now()
       FROM unnest($1::uuid[], $2::int[], $3::text[]) AS row (id, number, sha)`,
      [ids, numbers, numbers.map(() => files[0].sha256)],
    );
    const contents = numbers.map((number) => files[number % fileCount]);
    await sql.execute(
      `INSERT INTO pack_files (pack_id, tenant, position, path, sha256, size_bytes, format, role, gnu_build_id, has_debug_info)
       SELECT id, 'bench', 0, 'bin/build', sha, size, 'elf-executable', 'full', build, true
       FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[]) AS row (id, sha, size, build)`,
      [ids, contents.map(({ sha256 }) => sha256), contents.map(({ sizeBytes }) => sizeBytes), numbers.map(buildIdOf)],
    );
  }
  await sql.execute('ANALYZE');
}
