/** Condition of a row behind a position, newest first; the parameters hold its time and id, or two NULLs. */
export function isBehind(time: string, id: string): string {
  return `(${time}::timestamptz IS NULL OR create_time < ${time} OR (create_time = ${time} AND id > ${id}))`;
}

export function positionOf(after: { readonly createTime: Date; readonly id: string } | undefined): [Date | null, string | null] {
  return [after?.createTime ?? null, after?.id ?? null];
}
