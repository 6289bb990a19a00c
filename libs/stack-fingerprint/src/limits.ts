/** Every bound of this library; a test reaches each. */
export const limits = {
  /** UTF-8 size of a trace's text. */
  textBytesMax: 1 << 20,
  /** Longer lines are kept as text, never parsed as frames. */
  lineCharsMax: 8_192,
  threadsMax: 1_024,
  /** Frames read per thread; what follows counts as truncated. */
  rawFramesMax: 4_096,
  /** Frames kept per normalised trace. */
  framesMax: 128,
  /** Longest cycle of mutually recursive functions that is collapsed. */
  recursionPeriodMax: 8,
  functionCharsMax: 1_024,
  messageCharsMax: 512,
  /** Postings that one query may read from the index. */
  postingsMax: 20_000,
  /** Candidates that are aligned per query. */
  candidatesMax: 50,
} as const;
