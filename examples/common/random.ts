import { shuffler } from "d3-array";
import { randomLcg, randomNormal } from "d3-random";

/** A source of uniform numbers that the seed determines; neighbouring seeds differ from the first number on. */
export function uniforms(seed: number): () => number {
  const source = randomLcg(seed);
  for (let i = 0; i < 16; i++) source();
  return source;
}

/** A source of standard normal numbers that the seed determines. */
export const normals = (seed: number): (() => number) => randomNormal.source(uniforms(seed))(0, 1);

/** The numbers 0 … count − 1 in an order that the seed determines. */
export const shuffled = (count: number, seed: number): Uint32Array =>
  shuffler(uniforms(seed))(Uint32Array.from({ length: count }, (_, i) => i));
