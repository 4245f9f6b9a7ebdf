# shellcheck shell=bash
# What our images are called. Sourced by hack/images; a test holds that the chart asks for the same.

# reference HOST[/PATH] NAME TAG: `images.registry=HOST[/PATH]` and `images.NAME.tag=TAG` give the same in the chart.
reference() { echo "$1/churnops/$2:$3"; }
