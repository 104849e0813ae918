// One instance is one row, four vertices its square; or one vertex is one row, a point sprite. The same shader, run
// over plain vertices with transform feedback, writes where each row is seen (v_seen) when a new frame arrives in
// the middle of a blend.
uniform bool u_sprite;      // one vertex a row, its square made by the rasteriser
uniform int u_pass;         // 0 all but the selected, 1 the selected, 2 one highlighted row
uniform float u_radius;
uniform float u_rim;
uniform float u_hollow_rim;
uniform float u_alpha;
uniform float u_dim_alpha;
uniform float u_halo;       // outer radius of a highlight, 0 for none

out vec2 v_seen;
out vec2 v_local;           // device pixels from the middle of the point
flat out vec4 v_fill;
flat out vec2 v_rim;        // width of the rim; 1 when hollow

void main() {
    v_seen = seen();
    bool selected = (a_flags & SELECTED) != 0u;
    bool hollow = (a_flags & HOLLOW) != 0u;
    bool shown = finite(a_to) && (a_flags & HIDDEN) == 0u && (u_pass == 2 || selected == (u_pass == 1));
    float alpha = u_pass == 0 && (a_flags & DIMMED) != 0u ? u_dim_alpha : u_alpha;

    vec4 colour = texelFetch(u_palette, ivec2(int(a_colour), 0), 0);
    v_fill = vec4(colour.rgb, colour.a * alpha);
    v_rim = hollow ? vec2(u_hollow_rim, 1.0) : vec2(u_rim, 0.0);

    float reach = max(u_radius, u_halo) + 1.0;
    gl_PointSize = 2.0 * reach;
    vec2 corner = vec2(float(gl_VertexID & 1), float((gl_VertexID >> 1) & 1)) * 2.0 - 1.0;
    v_local = u_sprite ? vec2(0.0) : corner * reach;
    vec2 clip = clip_of(v_seen) + v_local * u_pixel;
    // A square whose four corners coincide outside the view draws nothing.
    gl_Position = shown ? vec4(clip, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}
