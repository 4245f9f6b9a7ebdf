import { expect, test } from '@jest/globals';
import { OperatorFigures } from '../../e2e/operator-figures.ts';

const figures = new OperatorFigures(['# HELP a what', 'a{result="success",controller="x"} 3', 'a{result="error",controller="x"} 1', 'b 2.5e3', 'c{le="+Inf"} NaN', ''].join('\n'));

test.each([['a', '', 4], ['a', 'result="error"', 1], ['b', '', 2500], ['absent', '', 0]])('%s %s: %d', (name, labels, expected) => expect(figures.sum(name, labels)).toBe(expected));
