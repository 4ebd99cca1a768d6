/** A page of metrics (Prometheus text format), as it was at one moment. */
export interface Metrics {
  /** Sum of all series of a metric that have these labels; of a histogram, its `_sum` and `_count` are metrics. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

export async function metricsOf(port: number): Promise<Metrics> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  if (!answer.ok) throw new Error(`/metrics is ${answer.status}: ${await answer.text()}`);
  return metricsIn(await answer.text());
}

export function metricsIn(page: string): Metrics {
  const lines = page.split('\n');
  return {
    sum(name, labels = {}) {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return lines
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => wanted.every((label) => line.includes(label)))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
  };
}
