import type { Evaluation, Point } from './evaluate.ts';

const WIDTH = 760;
const HEIGHT = 460;
const MARGIN = { left: 64, right: 200, top: 24, bottom: 56 };

/** The cost–quality curve with presets, single models, random and oracle. One self-contained picture. */
export function drawCurve({ presets, baselines, curve }: Evaluation): string {
  const models = Object.entries(baselines.models).map(([name, at]) => ({ name, ...at }));
  const all: Point[] = [...curve, ...presets, ...models, baselines.random, baselines.oracle];
  const scale = scaleOf(all);
  const line = curve.map((at) => `${scale.x(at).toFixed(1)},${scale.y(at).toFixed(1)}`).join(' ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
    '<title>Accuracy over price per million tokens</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...axes(scale),
    `<polyline points="${line}" fill="none" stroke="#1f6feb" stroke-width="2"/>`,
    ...models.map((at) => mark(scale, at, { label: at.name, colour: '#888', shape: 'square' })),
    ...presets.map((at) => mark(scale, at, { label: at.name, colour: '#1f6feb', shape: 'circle' })),
    mark(scale, baselines.random, { label: 'random', colour: '#c33', shape: 'square' }),
    mark(scale, baselines.oracle, { label: 'oracle', colour: '#2a2', shape: 'square' }),
    '</svg>',
    '',
  ].join('\n');
}

type Scale = {
  readonly x: (at: Point) => number;
  readonly y: (at: Point) => number;
  readonly prices: readonly number[];
  readonly accuracies: readonly number[];
};

function scaleOf(points: readonly Point[]): Scale {
  const most = Math.max(...points.map(({ usdPerMillion }) => usdPerMillion), Number.MIN_VALUE) * 1.05;
  const [low, high] = [0, 1].map((end) => {
    const values = points.map(({ accuracy }) => accuracy);
    return end === 0 ? Math.floor(10 * Math.min(...values)) / 10 : Math.ceil(10 * Math.max(...values)) / 10;
  }) as [number, number];
  const span = Math.max(high - low, 0.1);
  const [width, height] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
  return {
    x: ({ usdPerMillion }) => MARGIN.left + (usdPerMillion / most) * width,
    y: ({ accuracy }) => MARGIN.top + (1 - (accuracy - low) / span) * height,
    prices: [0, 0.25, 0.5, 0.75, 1].map((share) => share * most),
    accuracies: [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * span),
  };
}

function axes(scale: Scale): string[] {
  const bottom = HEIGHT - MARGIN.bottom;
  return [
    ...scale.prices.map((usdPerMillion) => {
      const x = scale.x({ usdPerMillion, accuracy: 0 }).toFixed(1);
      return `<text x="${x}" y="${bottom + 18}" text-anchor="middle">${usdPerMillion.toPrecision(2)}</text>`;
    }),
    ...scale.accuracies.map((accuracy) => {
      const y = scale.y({ usdPerMillion: 0, accuracy }).toFixed(1);
      return (
        `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y}" y2="${y}" stroke="#ddd"/>` +
        `<text x="${MARGIN.left - 8}" y="${y}" text-anchor="end" dominant-baseline="middle">${accuracy.toFixed(2)}</text>`
      );
    }),
    `<text x="${MARGIN.left}" y="${HEIGHT - 14}">USD per million tokens</text>`,
  ];
}

type Look = { readonly label: string; readonly colour: string; readonly shape: 'circle' | 'square' };

function mark(scale: Scale, at: Point, { label, colour, shape }: Look): string {
  const [x, y] = [scale.x(at), scale.y(at)];
  const drawn =
    shape === 'circle'
      ? `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" fill="${colour}"/>`
      : `<rect x="${(x - 3).toFixed(1)}" y="${(y - 3).toFixed(1)}" width="6" height="6" fill="${colour}"/>`;
  return `${drawn}<text x="${(x + 7).toFixed(1)}" y="${(y - 5).toFixed(1)}" fill="${colour}">${escaped(label)}</text>`;
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (symbol) => `&#${symbol.charCodeAt(0)};`);
