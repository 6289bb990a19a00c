/** Told the name of a database and the text of each statement that it runs. */
export type StatementObserver = (database: string, text: string) => void;

const observers = new Set<StatementObserver>();

/** For tests that hold the SQL that runs against a record; the answer ends it. */
export function observeStatements(observer: StatementObserver): () => void {
  observers.add(observer);
  return () => void observers.delete(observer);
}

export function observed(database: string, text: string): string {
  for (const observer of observers) observer(database, text);
  return text;
}
