import type { BenchPlan } from './bench.ts';

/** 20 % load: DESIGN's pods are sized so that a node may go; most of the time they have that to do. */
export const FULL: BenchPlan = { rounds: 21, sliceMs: 3000, warmUpMs: 300, loadPercent: 20, saturateMs: 2000, mostErrors: 0.01 };

/** A look: nothing is judged by so few calls but whether each state is what it says. */
export const SHORT: BenchPlan = { rounds: 2, sliceMs: 500, warmUpMs: 100, loadPercent: 20, saturateMs: 300, mostErrors: 0.25 };
