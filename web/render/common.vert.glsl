#version 300 es
// What every vertex shader of the map begins with: one row's arrays, and where it is seen.
precision highp float;
precision highp int;

layout(location = 0) in vec2 a_from;
layout(location = 1) in vec2 a_to;
layout(location = 2) in uint a_colour;
layout(location = 3) in uint a_flags;

uniform float u_blend;      // share of the way from a_from to a_to
uniform vec2 u_centre;      // camera centre, rounded to float
uniform vec2 u_centre_rest; // what that rounding lost
uniform vec2 u_scale;       // clip units per world unit
uniform vec2 u_pixel;       // clip units per device pixel
uniform sampler2D u_palette;

const uint SELECTED = 1u;
const uint DIMMED = 2u;
const uint HIDDEN = 4u;
const uint HOLLOW = 8u;

// By bits: a comparison with NaN may be optimised away.
bool finite(vec2 p) {
    return all(notEqual(floatBitsToUint(p) & uvec2(0x7f800000u), uvec2(0x7f800000u)));
}

// Where the row is drawn now, in world coordinates; a row that was nowhere is shown at its place at once.
vec2 seen() {
    return finite(a_to) && finite(a_from) ? mix(a_from, a_to, u_blend) : a_to;
}

vec2 clip_of(vec2 world) {
    return ((world - u_centre) - u_centre_rest) * u_scale;
}
