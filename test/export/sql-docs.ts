/** docs/sql.md, as it is to be: `node --experimental-transform-types test/export/sql-docs.ts` writes it anew. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableDocs } from '../../src/sql/database.ts';
import { EXAMPLES } from './sql-examples.ts';

const HEAD = `# SQL

\`trowel sql FILE QUERY\` answers a query in SQLite's SQL. \`trowel sql FILE\` lists the tables. The capture is only read: what a query
names (tables, and columns of \`events\`) is copied into a temporary database, which is gone afterwards;
of events that are only added up (\`count\`, \`sum\`, \`min\`, \`max\`, \`avg\`, \`GROUP BY\`, \`DISTINCT\`) one row for all that are alike, which is several times as fast;
of \`ORDER BY … LIMIT\` by numbers, with a WHERE of comparisons between ANDs, only events that can be among the first. \`--json\`, \`--csv\` and \`--markdown\`
work as elsewhere; \`--filter 'k8s.ns.name=shop and evt.failed=true'\` restricts the events in the filter language before SQL sees them.

Times and durations are ns: \`time\`, \`start\`, \`from_time\` since the capture's start, \`wall\` since 1970. A thing that changes has several
rows, each from \`from_time\` until \`to_time\` (null: until further notice). Arguments and payloads are cut to 8,000 bytes, names to 4,096.

`;

/** `answer`: what a query prints. */
export function sqlDocs(answer: (sql: string) => string): string {
  const tables = Map.groupBy(tableDocs(), ({ table }) => table);
  const lines = [...tables].map(([name, columns]) => {
    const { doc } = columns[0]!;
    return `| \`${name}\` | ${doc} | ${columns.map(({ column }) => `\`${column}\``).join(' ')} |`;
  });
  const examples = EXAMPLES.map(
    ([question, sql], i) => `### ${i + 1}. ${question}\n\n\`\`\`sql\n${sql}\n\`\`\`\n\n\`\`\`\n${answer(sql).trimEnd()}\n\`\`\`\n`,
  );
  return `${HEAD}| table | what it has | columns |\n|---|---|---|\n${lines.join('\n')}\n\n## Examples\n\nOf \`captures/critical-app.trowel\`.\n\n${examples.join('\n')}`;
}

if (process.argv[1] === import.meta.filename) {
  const { CAPTURE, trowel } = await import('./made.ts');
  const text = sqlDocs((sql) => trowel('sql', CAPTURE, sql).stdout);
  writeFileSync(join(import.meta.dirname, '../../docs/sql.md'), text);
}
