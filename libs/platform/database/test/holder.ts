import { EmbeddedPostgres } from '@stella/platform-database';

const [dataFolder = '', socketFolder = ''] = process.argv.slice(2);
const server = await EmbeddedPostgres.start({ dataFolder, socketFolder, withoutDurability: true });
process.stdout.write('up\n');
setInterval(() => server.running, 1_000);
