// Poses to begin with, built from angles of limbs: degrees, 0 points down, 90 to the picture's right.
// Joints are in COCO's order on a sheet of 300 × 400; a limb that points at the viewer is shortened by its third number.

export const SHEET = { width: 300, height: 400 };

const LENGTH = { upperArm: 50, forearm: 45, thigh: 66, shin: 64, trunk: 88, neck: 40 };

const step = ([x, y], degrees, length) => {
  const angle = (degrees * Math.PI) / 180;
  return [x + length * Math.sin(angle), y + length * Math.cos(angle)];
};

// The character faces us: its left is on the picture's right.
function figure({ pelvis = [150, 205], lean = 180, head = lean, arms, legs, width = 1 }) {
  const neck = step(pelvis, lean, LENGTH.trunk);
  const face = step(neck, head, LENGTH.neck);
  const across = (centre, length, turn) => [step(centre, turn - 90, length * width), step(centre, turn + 90, length * width)];
  const [leftEye, rightEye] = across(step(face, head, 7), 9, head);
  const [leftEar, rightEar] = across(step(face, head, 4), 20, head);
  const [leftShoulder, rightShoulder] = across(neck, 32, lean);
  const [leftHip, rightHip] = across(pelvis, 20, lean);
  const limb = (start, [[a, share = 1], [b, rest = 1]], [upper, lower]) => {
    const middle = step(start, a, upper * share);
    return [middle, step(middle, b, lower * rest)];
  };
  const armLengths = [LENGTH.upperArm, LENGTH.forearm];
  const legLengths = [LENGTH.thigh, LENGTH.shin];
  const [leftElbow, leftWrist] = limb(leftShoulder, arms[0], armLengths);
  const [rightElbow, rightWrist] = limb(rightShoulder, arms[1], armLengths);
  const [leftKnee, leftAnkle] = limb(leftHip, legs[0], legLengths);
  const [rightKnee, rightAnkle] = limb(rightHip, legs[1], legLengths);
  const joints = [face, leftEye, rightEye, leftEar, rightEar, leftShoulder, rightShoulder, leftElbow, rightElbow, leftWrist, rightWrist,
    leftHip, rightHip, leftKnee, rightKnee, leftAnkle, rightAnkle];
  return onSheet(joints.map(([x, y]) => [x, y, 1]));
}

// Moves and scales a pose to the middle of the sheet.
export function onSheet(keypoints, fill = .8) {
  const there = keypoints.filter(Boolean);
  if (!there.length) return keypoints;
  const [xs, ys] = [0, 1].map((axis) => there.map((point) => point[axis]));
  const [x1, x2, y1, y2] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = fill * Math.min(SHEET.width / Math.max(x2 - x1, 1), SHEET.height / Math.max(y2 - y1, 1));
  return keypoints.map((point) => point && [
    SHEET.width / 2 + (point[0] - (x1 + x2) / 2) * scale, SHEET.height / 2 + (point[1] - (y1 + y2) / 2) * scale, point[2] ?? 1,
  ]);
}

const DOWN = [[[12], [6]], [[-12], [-6]]];
const STAND = [[[4], [2]], [[-4], [-2]]];

export const FIGURES = {
  Standing: figure({ arms: DOWN, legs: STAND }),
  "Hands on hips": figure({ arms: [[[48], [-52]], [[-48], [52]]], legs: [[[8], [4]], [[-8], [-4]]] }),
  Waving: figure({ arms: [[[112], [160]], [[-14], [-4]]], legs: STAND }),
  "Arms up": figure({ arms: [[[150], [168]], [[-150], [-168]]], legs: [[[6], [4]], [[-6], [-4]]] }),
  "Arms spread": figure({ arms: [[[90], [90]], [[-90], [-90]]], legs: [[[12], [8]], [[-12], [-8]]] }),
  Running: figure({ lean: 166, arms: [[[60], [150]], [[-62], [20]]], legs: [[[62], [-20]], [[-28], [-70]]], width: .6 }),
  Jumping: figure({ arms: [[[140], [150]], [[-132], [-150]]], legs: [[[46], [-38]], [[-22], [-76]]] }),
  Sitting: figure({ arms: [[[14], [-22]], [[-14], [22]]], legs: [[[26, .5], [2]], [[-26, .5], [-2]]] }),
  Wariza: figure({ arms: [[[10], [-24]], [[-10], [24]]], legs: [[[16, .55], [104, .6]], [[-16, .55], [-104, .6]]] }),
  Kneeling: figure({ arms: [[[14], [-12]], [[-14], [12]]], legs: [[[18, .8], [12, .3]], [[-18, .8], [-12, .3]]] }),
  "Side sitting": figure({ lean: 174, arms: [[[34], [6]], [[-22], [18]]], legs: [[[-52], [-78]], [[-60, .8], [-96, .7]]] }),
  Lying: figure({ lean: -92, arms: [[[-130], [-100]], [[-40], [-70]]], legs: [[[84], [96]], [[74], [84]]], width: .7 }),
};
