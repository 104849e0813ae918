#version 300 es
// A line antialiased over one pixel on each side, fading along its way; `raster.ts` has its twin.
precision highp float;

in float v_across;
in float v_alpha;
flat in vec4 v_colour;

uniform float u_reach;

out vec4 colour;

void main() {
    float alpha = v_colour.a * v_alpha * clamp(u_reach - abs(v_across), 0.0, 1.0);
    colour = vec4(v_colour.rgb * alpha, alpha);
}
