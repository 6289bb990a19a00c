// node libs/platform/events/dist/kafka/topics-main.js --help
import { runTopicsCommand } from './topics-command.js';

const line = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(`${text}\n`);
process.exitCode = await runTopicsCommand(process.argv.slice(2), { out: line(process.stdout), err: line(process.stderr) });
