// Makes what the contracts are built from: the third-party protos (proto/vendor), the TypeScript of every proto
// (libs/contracts/src/gen) and their descriptor set. Nothing of it is committed; all of it is an output of the nx target,
// which may take it from its cache.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { file_buf_validate_validate as validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { printProto } from './print-proto.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const vendor = 'proto/vendor';
rmSync(vendor, { recursive: true, force: true });
const googleProtos = dirname(createRequire(import.meta.url).resolve('google-proto-files/package.json'));
mkdirSync(join(vendor, 'google/rpc'), { recursive: true });
for (const name of ['status.proto', 'error_details.proto']) {
  copyFileSync(join(googleProtos, 'google/rpc', name), join(vendor, 'google/rpc', name));
}
mkdirSync(join(vendor, 'buf/validate'), { recursive: true });
writeFileSync(join(vendor, 'buf/validate/validate.proto'), printProto(validate.proto));

const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` };
const buf = (...args) => execFileSync('buf', args, { env, stdio: 'inherit' });
buf('generate');
// Renamed into place: a reader never sees half a file.
buf('build', '-o', 'libs/contracts/descriptors.next.binpb', '--as-file-descriptor-set');
renameSync('libs/contracts/descriptors.next.binpb', 'libs/contracts/descriptors.binpb');
