#version 300 es
// A disc with a rim by distance from the middle, antialiased over one pixel; `raster.ts` is its twin.
precision highp float;

in vec2 v_local;
flat in vec4 v_fill;
flat in vec2 v_rim;

uniform bool u_sprite;
uniform float u_radius;
uniform float u_rim_strength;
uniform float u_hollow_fill;
uniform float u_edge;       // width of the outline of hollow points; 0 for none
uniform vec4 u_outline;
uniform float u_halo;       // a highlight: a disc of background colour this large under the point,
uniform vec3 u_background;
uniform float u_ring;       // and a ring of this outer radius over it
uniform float u_ring_width;
uniform vec4 u_ring_colour;

out vec4 colour;

void main() {
    float reach = max(u_radius, u_halo) + 1.0;
    float d = length(u_sprite ? (gl_PointCoord * 2.0 - 1.0) * reach : v_local);
    float cover = clamp(u_radius + 0.5 - d, 0.0, 1.0);
    float rim = clamp(d - (u_radius - v_rim.x) + 0.5, 0.0, 1.0);
    float alpha = v_fill.a * cover;
    vec3 rgb = v_fill.rgb;
    if (v_rim.y > 0.5) {
        alpha *= mix(u_hollow_fill, 1.0, rim);
        float edge = u_edge > 0.0 ? clamp(d - (u_radius - u_edge) + 0.5, 0.0, 1.0) : 0.0;
        rgb = mix(rgb, u_outline.rgb, edge * u_rim_strength * u_outline.a);
    } else {
        rgb = mix(rgb, u_outline.rgb, rim * u_rim_strength * u_outline.a);
    }
    colour = vec4(rgb * alpha, alpha);
    if (u_halo > 0.0) {
        float halo = clamp(u_halo + 0.5 - d, 0.0, 1.0) * (1.0 - colour.a);
        colour += vec4(u_background * halo, halo);
        float half_width = 0.5 * u_ring_width;
        float ring = clamp(half_width + 0.5 - abs(d - (u_ring - half_width)), 0.0, 1.0) * u_ring_colour.a;
        colour = colour * (1.0 - ring) + vec4(u_ring_colour.rgb * ring, ring);
    }
    if (colour.a <= 0.0) discard;
}
