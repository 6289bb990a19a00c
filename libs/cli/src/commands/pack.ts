import type { Command } from 'commander';
import type { CliIo } from '../io/cli-io.js';
import { addPackAuthoring } from './pack-authoring.js';
import { addPackMarketplace } from './pack-marketplace.js';

export function addPack(program: Command, io: CliIo): void {
  const group = program.command('pack').description('Symbol packs and test harnesses');
  addPackAuthoring(group, io);
  addPackMarketplace(group, io);
}
