// Discs on a map: each near the place it wants, none on top of another.

const GAP = 8;
const ROUNDS = 260;

// Groups { size, place_xy in [0, 1]² } to discs { x, y, r } on a map of this width and about this height, and its height.
export function pack(groups, width, wantedHeight) {
  const largest = Math.max(...groups.map((group) => group.size));
  const weights = groups.map((group) => .42 + .58 * Math.sqrt(group.size / largest));
  const area = .48 * width * wantedHeight;
  const unit = Math.min(Math.sqrt(area / (Math.PI * weights.reduce((sum, weight) => sum + weight ** 2, 0))), width / 4.6, wantedHeight / 3.4);
  const places = [0, 1].map((axis) => spread(groups.map((group) => group.place_xy[axis])));
  const discs = groups.map((_, i) => {
    const r = Math.max(24, unit * weights[i]);
    return { x: r + places[0][i] * (width - 2 * r), y: r + places[1][i] * (wantedHeight - 2 * r), r };
  });
  const homes = discs.map(({ x, y }) => ({ x, y }));
  for (let round = 0; round < ROUNDS; round += 1) {
    const pull = .04 * (1 - round / ROUNDS);
    discs.forEach((disc, i) => {
      disc.x += (homes[i].x - disc.x) * pull;
      disc.y += (homes[i].y - disc.y) * pull;
    });
    for (let i = 0; i < discs.length; i += 1) for (let j = i + 1; j < discs.length; j += 1) part(discs[i], discs[j], i + j);
    for (const disc of discs) disc.x = Math.min(width - disc.r, Math.max(disc.r, disc.x));
  }
  centre(discs, width);
  const top = Math.min(...discs.map((disc) => disc.y - disc.r));
  for (const disc of discs) disc.y -= top;
  return { discs, height: Math.max(...discs.map((disc) => disc.y + disc.r)) };
}

// Half by value, half by rank: a few far-off groups must not press all others together.
function spread(values) {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = [];
  order.forEach((i, rank) => { ranks[i] = values.length > 1 ? rank / (values.length - 1) : .5; });
  return values.map((value, i) => .4 * value + .6 * ranks[i]);
}

function centre(discs, width) {
  const [left, right] = [Math.min(...discs.map((disc) => disc.x - disc.r)), Math.max(...discs.map((disc) => disc.x + disc.r))];
  for (const disc of discs) disc.x += (width - left - right) / 2;
}

function part(a, b, turn) {
  let [dx, dy] = [b.x - a.x, b.y - a.y];
  let distance = Math.hypot(dx, dy);
  const wanted = a.r + b.r + GAP;
  if (distance >= wanted) return;
  if (distance < .01) [dx, dy, distance] = [Math.cos(turn), Math.sin(turn), 1];
  const push = (wanted - distance) / 2 / distance;
  a.x -= dx * push; a.y -= dy * push;
  b.x += dx * push; b.y += dy * push;
}
