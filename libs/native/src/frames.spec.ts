import fc from 'fast-check';
import { BlobPart, encodeFrame, FrameDecoder } from './frames.js';

/** What came, blobs put together: texts of frames, and numbers of bytes of blobs. */
function decoded(stream: Buffer, cuts: readonly number[]): { items: string[]; pendingBytes: number } {
  const decoder = new FrameDecoder();
  const items: string[] = [];
  const bounds = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  for (let i = 1; i < bounds.length; i++) {
    for (const item of decoder.push(stream.subarray(bounds[i - 1], bounds[i]))) {
      if (!(item instanceof BlobPart)) items.push(item.toString());
      else if (items.at(-1)?.startsWith('blob ')) items.push(`${items.pop()}${item.bytes.toString()}`);
      else items.push(`blob ${item.bytes.toString()}`);
    }
  }
  return { items, pendingBytes: decoder.pendingBytes };
}

const frame = fc.oneof(
  fc.constant({ item: '', body: Buffer.alloc(0) }),
  fc.string({ maxLength: 12 }).map((text) => ({ item: `{${text}`, body: Buffer.from(`{${text}`) })),
  fc.string({ minLength: 1, maxLength: 40 }).map((text) => ({ item: `blob ${text}`, body: Buffer.from(`\0${text}`) })),
);

test('wherever a stream is cut, the same comes out of it in the same order', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 20 }), (frames, cuts) => {
      // Pieces that follow each other are one blob here.
      const expected: string[] = [];
      for (const { item } of frames) {
        if (item.startsWith('blob ') && expected.at(-1)?.startsWith('blob ')) expected.push(`${expected.pop()}${item.slice(5)}`);
        else expected.push(item);
      }
      const stream = Buffer.concat(frames.map(({ body }) => encodeFrame(body)));
      expect(decoded(stream, cuts)).toEqual({ items: expected, pendingBytes: 0 });
    }),
    { numRuns: 1_000 },
  );
});

test('a frame that has begun is pending, a piece of a blob too', () => {
  for (const body of [Buffer.from('{"a":1}'), Buffer.from('\0piece')]) {
    const stream = encodeFrame(body);
    for (let cut = 1; cut < stream.length; cut++) expect(decoded(stream.subarray(0, cut), []).pendingBytes).toBeGreaterThan(0);
  }
});

test('empty frames and empty pieces are taken', () => {
  expect(decoded(Buffer.concat([encodeFrame(Buffer.alloc(0)), encodeFrame(Buffer.of(0)), encodeFrame(Buffer.from('x'))]), [])).toEqual({ items: ['', 'x'], pendingBytes: 0 });
});
