/** `trowel metrics`: a capture as Prometheus text. */
import { metricsOf } from '../lens/metrics.ts';
import { prometheusLines } from '../output/prometheus.ts';
import { Sink } from '../output/sink.ts';
import { contextOf } from './capture-context.ts';
import { openCapture } from './open-capture.ts';

export async function metrics(path: string, filterText: string): Promise<void> {
  const capture = await openCapture(path);
  try {
    const sink = new Sink();
    sink.lines(prometheusLines(metricsOf(capture, contextOf(capture), filterText)));
    sink.flush();
  } finally {
    capture.close();
  }
}
