/** `trowel schema`: what `--json` prints, as JSON Schema. */
import { reportSchema, schemaText } from '../output/reports/schemas.ts';
import { Sink } from '../output/sink.ts';
import { REPORT_IDS } from '../report/report.ts';
import { UsageError } from './exit.ts';

/** Without a name, the names. */
export function schema(name: string | undefined): void {
  const sink = new Sink();
  const id = REPORT_IDS.find((one) => one === name);
  if (name === undefined) sink.lines(REPORT_IDS);
  else if (id === undefined) throw new UsageError(`there is no report called ${name}; there are ${REPORT_IDS.join(', ')}`);
  else sink.write(schemaText(reportSchema(id)));
  sink.flush();
}
