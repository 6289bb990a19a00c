export const PAGE_SIZE_DEFAULT = 100;
/** As in the proto. */
export const PAGE_SIZE_MAX = 1_000;
/** A payload that is shown: enough to see what it is about. */
export const PAYLOAD_BYTES_SHOWN = 64 << 10;
