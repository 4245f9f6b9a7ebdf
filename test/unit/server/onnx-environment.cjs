const { TestEnvironment } = require('jest-environment-node');

/**
 * Jest runs tests in a realm of their own, but the native onnxruntime makes its typed arrays in the outer one and compares constructors.
 * Here both have the same Float32Array, as in production.
 */
module.exports = class OnnxEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.Float32Array = Float32Array;
  }
};
