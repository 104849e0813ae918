#version 300 es
// One instance is one row, four vertices its square; or one vertex is one row, a point sprite. The same shader, run over plain vertices with transform
// feedback, writes where each row is seen (v_seen) when a new frame arrives in the middle of a blend.
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
uniform bool u_sprite;      // one vertex a row, its square made by the rasteriser
uniform int u_pass;         // 0 all but the selected, 1 the selected, 2 one highlighted row
uniform float u_radius;
uniform float u_rim;
uniform float u_hollow_rim;
uniform float u_alpha;
uniform float u_dim_alpha;
uniform float u_halo;       // outer radius of a highlight, 0 for none
uniform sampler2D u_palette;

out vec2 v_seen;
out vec2 v_local;           // device pixels from the middle of the point
flat out vec4 v_fill;
flat out vec2 v_rim;        // width of the rim; 1 when hollow

// By bits: a comparison with NaN may be optimised away.
bool finite(vec2 p) {
    return all(notEqual(floatBitsToUint(p) & uvec2(0x7f800000u), uvec2(0x7f800000u)));
}

void main() {
    bool shown = finite(a_to);
    v_seen = shown && finite(a_from) ? mix(a_from, a_to, u_blend) : a_to;

    bool selected = (a_flags & 1u) != 0u;
    bool hollow = (a_flags & 8u) != 0u;
    shown = shown && (a_flags & 4u) == 0u && (u_pass == 2 || selected == (u_pass == 1));
    float alpha = u_pass == 0 && (a_flags & 2u) != 0u ? u_dim_alpha : u_alpha;

    vec4 colour = texelFetch(u_palette, ivec2(int(a_colour), 0), 0);
    v_fill = vec4(colour.rgb, colour.a * alpha);
    v_rim = hollow ? vec2(u_hollow_rim, 1.0) : vec2(u_rim, 0.0);

    float reach = max(u_radius, u_halo) + 1.0;
    gl_PointSize = 2.0 * reach;
    vec2 corner = vec2(float(gl_VertexID & 1), float((gl_VertexID >> 1) & 1)) * 2.0 - 1.0;
    v_local = u_sprite ? vec2(0.0) : corner * reach;
    vec2 clip = ((v_seen - u_centre) - u_centre_rest) * u_scale + v_local * u_pixel;
    // A square whose four corners coincide outside the view draws nothing.
    gl_Position = shown ? vec4(clip, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}
