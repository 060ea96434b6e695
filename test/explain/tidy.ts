/** Recordings that are shipped. */
import Database from 'better-sqlite3';
import { DIMENSIONS } from '../../src/model/dimensions.ts';

/** The machine it was made on is nobody's business; and small pages, and no empty tables, for a small file: readers do without, as in old captures. */
export function tidy(path: string): void {
  const db = new Database(path);
  db.exec("UPDATE meta SET value = substr(value, 1, instr(value || '-', '-') - 1) WHERE key = 'kernel'");
  db.exec("UPDATE meta SET value = 'record' WHERE key = 'command'");
  for (const table of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()) {
    for (const { name } of db.prepare(`PRAGMA table_info("${table}")`).all() as { name: string }[]) {
      const change = `UPDATE "${table}" SET "${name}" = replace("${name}", ?, '/src/trowel') WHERE typeof("${name}") = 'text'`;
      db.prepare(change).run(process.cwd());
    }
  }
  db.exec('DROP INDEX IF EXISTS chunk_by_num'); // there is one chunk
  db.exec("DELETE FROM node_fact; DELETE FROM meta WHERE key = 'nodeMissing'");
  for (const { name } of Object.values(DIMENSIONS)) {
    if (db.prepare(`SELECT count(*) FROM "${name}"`).pluck().get() === 0) db.exec(`DROP TABLE "${name}"`);
  }
  db.exec('PRAGMA page_size = 512; VACUUM');
  db.close();
}
