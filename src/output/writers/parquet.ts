/** A Parquet file: a column each, its type from the column's unit. Rows are gathered into groups; the file's bytes are held until its end. */
import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import type { BasicType, ColumnSource } from 'hyparquet-writer/src/types.js';
import { type Cell, type Column, columnsFor, type Report, type Unit } from '../../report/report.ts';
import { cellJson } from '../cell.ts';
import type { Bytes, Writer } from './writer.ts';

/** Rows of a row group. */
const GROUP = 65_536;

const TYPES: Readonly<Partial<Record<Unit, BasicType>>> = {
  num: 'INT64',
  count: 'INT64',
  bytes: 'DOUBLE',
  number: 'DOUBLE',
  share: 'DOUBLE',
  ns: 'INT64',
  time: 'INT64',
  bool: 'BOOLEAN',
  payload: 'BYTE_ARRAY',
};

type Value = string | number | bigint | boolean | Uint8Array | null;

export class ParquetFile<T> implements Writer<T> {
  #columns: readonly Column<T>[] = [];
  #epoch = 0n;
  #data: Value[][] = [];
  #rows = 0;
  readonly #bytes = new ByteWriter();
  #file: ParquetWriter | null = null;
  #given = 0;

  begin(report: Report<T>): Bytes {
    this.#columns = columnsFor(report, 'programs');
    this.#epoch = report.epoch;
    this.#data = this.#columns.map(() => []);
    return '';
  }

  row(item: T): Bytes {
    this.#columns.forEach((column, i) => {
      this.#data[i]!.push(this.#value(column, column.read(item)));
    });
    return ++this.#rows < GROUP ? '' : this.#group();
  }

  end(): Bytes {
    if (this.#rows > 0 || this.#file === null) this.#write();
    this.#file!.finish();
    return this.#fresh();
  }

  #group(): Bytes {
    this.#write();
    return this.#fresh();
  }

  #write(): void {
    const columnData: ColumnSource[] = this.#columns.map(({ name, unit }, i) => ({
      name,
      data: this.#data[i]!,
      type: TYPES[unit] ?? 'STRING',
      nullable: true,
    }));
    this.#file ??= new ParquetWriter({ writer: this.#bytes, schema: schemaFromColumnData({ columnData }), createdBy: 'Trowel' });
    this.#file.write({ columnData, rowGroupSize: GROUP });
    this.#data = this.#columns.map(() => []);
    this.#rows = 0;
  }

  /** What was written since the last time. */
  #fresh(): Uint8Array {
    const all = this.#bytes.getBytes();
    const fresh = all.slice(this.#given);
    this.#given = all.length;
    return fresh;
  }

  #value(column: Column<T>, cell: Cell): Value {
    if (cell === null || cell === undefined) return null;
    if (typeof cell === 'object' && !(cell instanceof Uint8Array))
      return textOf(cellJson(column, cell, { epoch: this.#epoch, bytesAs: 'base64' }));
    switch (TYPES[column.unit]) {
      case 'INT64':
        return column.unit === 'time' ? this.#epoch + BigInt(Math.round(Number(cell))) : BigInt(Math.round(Number(cell)));
      case 'DOUBLE':
        return Number(cell);
      case 'BOOLEAN':
        return cell === true;
      case 'BYTE_ARRAY':
        return cell instanceof Uint8Array ? cell.slice() : Buffer.from(String(cell));
      default:
        return typeof cell === 'string' ? cell.toWellFormed() : textOf(cellJson(column, cell, { epoch: this.#epoch, bytesAs: 'base64' }));
    }
  }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
