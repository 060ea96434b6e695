/** Metrics in Prometheus' text format (version 0.0.4). */
import type { Labels, Metric, Sample } from '../lens/metrics.ts';

/** Seconds: upper ends of a histogram's buckets. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30] as const;

export function* prometheusLines(metrics: Iterable<Metric>): Generator<string> {
  for (const { name, kind, help, samples } of metrics) {
    yield `# HELP ${name} ${help}`;
    yield `# TYPE ${name} ${kind}`;
    if (kind === 'histogram') yield* histogramLines(name, samples);
    else for (const { labels, value } of samples) yield line(name, labels, value);
  }
}

function* histogramLines(name: string, samples: readonly Sample[]): Generator<string> {
  for (const group of Map.groupBy(samples, ({ labels }) => Object.values(labels).join('\0')).values()) {
    const { labels } = group[0]!;
    const values = group.map(({ value }) => value);
    for (const bucket of BUCKETS)
      yield line(`${name}_bucket`, { ...labels, le: String(bucket) }, values.filter((value) => value <= bucket).length);
    yield line(`${name}_bucket`, { ...labels, le: '+Inf' }, values.length);
    yield line(
      `${name}_sum`,
      labels,
      values.reduce((sum, value) => sum + value, 0),
    );
    yield line(`${name}_count`, labels, values.length);
  }
}

function line(name: string, labels: Labels, value: number): string {
  const all = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}${all.length === 0 ? '' : `{${all.join(',')}}`} ${value}`;
}

/** Names are captured: what would end the label or the line is escaped, other controls become a dot. */
function escaped(text: string): string {
  const plain = text.toWellFormed().replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, '·');
  return plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
