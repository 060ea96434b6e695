/** The worked examples of docs/sql.md: a question, its query, asked of captures/critical-app.trowel. */
export const EXAMPLES: readonly (readonly [question: string, sql: string])[] = [
  [
    'Which calls took most time?',
    'select type, count(*) as calls, sum(latency) / 1e9 as seconds from events group by type order by seconds desc limit 5',
  ],
  ['Who made most calls?', 'select comm, pid, count(*) as calls from events group by comm, pid order by calls desc, pid limit 5'],
  [
    'What failed, and how?',
    'select type, error, count(*) as times from events where error is not null group by type, error order by times desc, type limit 6',
  ],
  [
    'Which files were read most?',
    "select fd_name, sum(bytes) as bytes from events where io = 'read' and fd_type = 'file' group by fd_name order by bytes desc limit 5",
  ],
  [
    'Which connections carried most?',
    "select fd_name, sum(bytes) filter (where io = 'read') as got, sum(bytes) filter (where io = 'write') as sent from events where fd_type = 'ipv4' group by fd_name order by sent desc, fd_name limit 5",
  ],
  ['What are the ten longest calls?', 'select num, comm, type, latency / 1e6 as ms from events order by latency desc limit 10'],
  [
    'When did nothing happen? The longest gaps between two events.',
    'select num, gap / 1e6 as ms from (select num, time - lag(time) over (order by num) as gap from events) order by gap desc limit 3',
  ],
  [
    'How are latencies of poll spread, by powers of ten?',
    "select cast(log10(latency) as integer) as digits, count(*) as calls from events where type = 'poll' and latency > 0 group by digits order by digits",
  ],
  [
    'How many events were there in each second?',
    'select time / 1000000000 as second, count(*) as events from events group by second order by second',
  ],
  [
    'Which name lookups took long, and how much of that was wasted?',
    'select name, comm, duration / 1e9 as seconds, wasted / 1e9 as wasted, result from lookups order by duration desc',
  ],
  [
    'Which names were tried, in their order?',
    'select nth, name, suffix, result, duration / 1e6 as ms from attempts order by lookup_id, nth',
  ],
  [
    'How often was each name asked for, by whom?',
    "select comm, qname, qtype, count(*) as queries from dns where not response and side = 'client' group by comm, qname, qtype order by queries desc, qname, qtype, comm limit 6",
  ],
  [
    'Which queries had no answer?',
    'select q.num, q.comm, q.qname, q.qtype from dns q where not q.response and q.latency is null order by q.num limit 5',
  ],
  [
    'What was requested over HTTP, and how long did it take?',
    'select side, comm, method, uri, status, duration / 1e6 as ms from requests order by num',
  ],
  ['Which processes ran, of which container?', 'select pid, comm, exe, container from processes group by pid order by pid'],
  [
    'Which descriptors are sockets of a client?',
    "select proto, count(*) as sockets, count(distinct server_ip) as servers from descriptors where role = 'client' group by proto order by proto",
  ],
  ['What does Trowel find?', 'select comm, cause, cost / 1e9 as seconds, confidence from findings'],
  [
    'Which events prove it? A list in a column, opened.',
    "select e.num, e.comm, e.type, e.fd_name from findings f, json_each('[' || f.events || ']') j join events e on e.num = j.value order by e.num limit 5",
  ],
  ['What can this capture not show?', 'select id, what from blind_spots order by id'],
  [
    'How many calls did each thread make, and what is its program?',
    'select t.tid, t.comm, p.exe, count(e.num) as calls from threads t join processes p on p.id = t.process_id left join events e on e.thread_id = t.id group by t.tid, t.comm order by calls desc, t.tid limit 5',
  ],
];
