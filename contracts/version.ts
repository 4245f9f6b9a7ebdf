/** Version of this tree: of the chart, its images and its programs. A test holds Chart.yaml and package.json to it. */
export const VERSION = '0.2.0';
