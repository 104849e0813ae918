#version 300 es
// The corners that `trails.vert.glsl` wrote.
precision highp float;
precision highp int;

layout(location = 0) in vec4 a_corner;

uniform sampler2D u_palette;

out float v_across;
out float v_alpha;
flat out vec4 v_colour;

void main() {
    v_across = a_corner.z;
    v_alpha = fract(a_corner.w);
    v_colour = texelFetch(u_palette, ivec2(int(floor(a_corner.w)), 0), 0);
    gl_Position = vec4(a_corner.xy, 0.0, 1.0);
}
