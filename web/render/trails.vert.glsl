// A thin quad from where a row was (a_old) to where it is seen now. One instance is one row, four vertices its quad.
// Or one vertex is one row, and transform feedback takes the two triangles of its quad (v_a to v_f), which
// `trails-written.vert.glsl` then draws: for software graphics, where an instance costs as much as a draw call.
layout(location = 4) in vec2 a_old;

uniform float u_reach;      // half the width and half a pixel more, in device pixels
uniform vec3 u_strength;    // opacity at the new end: plain, dimmed, selected; 0 draws none
uniform float u_tail;       // opacity at the old end, as a share of that

out float v_across;         // device pixels from the middle of the line
out float v_alpha;
flat out vec4 v_colour;
// A corner: clip coordinates, across, and the palette entry plus opacity, which is below 1.
out vec4 v_a, v_b, v_c, v_d, v_e, v_f;

void main() {
    vec2 was = clip_of(a_old);
    vec2 now = clip_of(seen());
    vec2 way = (now - was) / u_pixel;
    float pixels = length(way);
    // False for a way that is not a number, or longer than a float can tell.
    bool shown = finite(a_to) && finite(a_old) && (a_flags & HIDDEN) == 0u && pixels >= 1.0 && pixels < 1e9;
    bool selected = (a_flags & SELECTED) != 0u;
    bool dimmed = (a_flags & DIMMED) != 0u;
    float strength = selected ? u_strength.z : dimmed ? u_strength.y : u_strength.x;
    shown = shown && strength > 0.0;
    vec2 side = shown ? vec2(-way.y, way.x) / pixels * u_reach * u_pixel : vec2(0.0);
    if (!shown) was = now = vec2(2.0);

    float entry = float(a_colour);
    vec4 old_a = vec4(was - side, -u_reach, entry + strength * u_tail);
    vec4 old_b = vec4(was + side, u_reach, entry + strength * u_tail);
    vec4 new_a = vec4(now - side, -u_reach, entry + strength);
    vec4 new_b = vec4(now + side, u_reach, entry + strength);
    v_a = old_a;
    v_b = v_e = old_b;
    v_c = v_d = new_a;
    v_f = new_b;

    vec4 corner = gl_VertexID == 0 ? old_a : gl_VertexID == 1 ? old_b : gl_VertexID == 2 ? new_a : new_b;
    v_across = corner.z;
    v_alpha = corner.w - entry;
    v_colour = texelFetch(u_palette, ivec2(int(a_colour), 0), 0);
    gl_Position = vec4(corner.xy, 0.0, 1.0);
}
