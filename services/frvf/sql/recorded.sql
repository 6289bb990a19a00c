-- The SQL that runs, as tests saw it, so that a review sees a query change. `npm run record-sql` makes it anew.

SELECT tenant, id, purpose, subject_id, runs, deadline, create_time
  FROM replays
  WHERE state = 'running' AND deadline < $1
  ORDER BY deadline
  LIMIT $2;
