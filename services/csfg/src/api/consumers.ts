import { StackIngested, StackNamed, SymbolsOffered } from '@stella/contracts/stella/csfg/v1alpha/events';
import { WitnessRecorded } from '@stella/contracts/stella/frvf/v1alpha/events';
import { PackPublished } from '@stella/contracts/stella/marketplace/v1alpha/events';
import type { Event, EventHandler } from '@stella/platform-events';
import type { AttachStack } from '../application/attach-stack.js';
import type { IngestWitnessStack, WitnessStack } from '../application/ingest-witness-stack.js';
import type { NameStack } from '../application/name-stack.js';
import type { OfferSymbols } from '../application/offer-symbols.js';
import type { StackKey } from '../application/ports.js';
import type { PreparedStack } from '../application/store-stack.js';
import type { StackMatch } from '../domain/stack-match.js';
import { stackIdOfName } from '../domain/stack.js';
import type { SymbolTable } from '../domain/symbol-table.js';

/** `witness-recorded`: its stack joins the graph with its incident. A witness without a stack has nothing for us. */
export function witnessRecorded(ingest: IngestWitnessStack): EventHandler<PreparedStack | undefined> {
  return {
    prepare: async (event) => {
      const witness = witnessStack(event);
      return witness && ingest.prepare(witness);
    },
    commit: async (event, tx, prepared) => {
      const witness = witnessStack(event);
      if (witness && prepared) await ingest.commit(tx, prepared, witness);
    },
  };
}

function witnessStack({ tenant, time, payload }: Event): WitnessStack | undefined {
  const { incident, stack, stackFormat } = WitnessRecorded.decode(payload);
  if (stack.length === 0) return undefined;
  const source = stackFormat === 'native-json' ? ({ kind: 'native-json', json: stack } as const) : ({ kind: 'text', text: Buffer.from(stack).toString() } as const);
  return { tenant, source, incident, time };
}

/** `pack-published`: each stack that lacks names of its builds gets an event of its own. */
export function packPublished(offer: OfferSymbols): EventHandler {
  return {
    commit: async (event, tx) => {
      const { pack, kind, files } = PackPublished.decode(event.payload);
      const gnuBuildIds = [...new Set(files.map(({ gnuBuildId }) => gnuBuildId).filter((id) => id !== ''))];
      if (kind === 'symbols') await offer.commit(tx, pack, gnuBuildIds);
    },
  };
}

/** `stack-ingested` and `symbols-offered`: names first; without new ones, what the stack is as it stands. */
export function stackToName(name: NameStack, attach: AttachStack): EventHandler<{ found: SymbolTable; same: readonly StackMatch[] }> {
  return {
    prepare: async (event, signal) => {
      const { key } = stackOf(event);
      return { found: await name.prepare(key, signal), same: await attach.prepare(key) };
    },
    commit: async (event, tx, { found, same }) => {
      const { key, pack } = stackOf(event);
      const isNamed = await name.commit(tx, key, found, pack);
      if (!isNamed) await attach.commit(tx, key, same);
    },
  };
}

function stackOf({ topic, tenant, payload }: Event): { key: StackKey; pack: string } {
  const { stack, pack } = topic.includes('symbols-offered') ? SymbolsOffered.decode(payload) : { ...StackIngested.decode(payload), pack: '' };
  return { key: { tenant, id: stackIdOfName(stack) }, pack };
}

/** `stack-named`: with its names, the stack may turn out to be a known one. */
export function stackNamed(attach: AttachStack): EventHandler<readonly StackMatch[]> {
  const keyOf = ({ tenant, payload }: Event): StackKey => ({ tenant, id: stackIdOfName(StackNamed.decode(payload).stack) });
  return {
    prepare: (event) => attach.prepare(keyOf(event)),
    commit: (event, tx, same) => attach.commit(tx, keyOf(event), same, { pack: StackNamed.decode(event.payload).pack }),
  };
}
