/** Again while a pass did as much as it may. @returns how many rows all of them touched */
export async function inBatches(batch: number, pass: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (;;) {
    const touched = await pass();
    sum += touched;
    if (touched < batch) return sum;
  }
}
