# Flags every C file is compiled with, as one interface target.
#
# The floating-point contract: -ffp-contract=off forbids fused multiply-add, -fno-math-errno lets sqrtf be
# one instruction, and -ffast-math never appears. Together with math/fmath they give the same bits everywhere.
add_library(unfold_flags INTERFACE)
target_compile_features(unfold_flags INTERFACE c_std_11)
target_compile_options(unfold_flags INTERFACE
  -std=c11 -ffp-contract=off -fno-math-errno
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion
  -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror)

set(CMAKE_C_FLAGS_RELEASE "-O3")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
if(UNFOLD_OPT)
  target_compile_options(unfold_flags INTERFACE -${UNFOLD_OPT})
endif()

if(UNFOLD_SANITIZE)
  target_compile_options(unfold_flags INTERFACE
    -fsanitize=${UNFOLD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(unfold_flags INTERFACE -fsanitize=${UNFOLD_SANITIZE})
endif()

if(EMSCRIPTEN)
  target_compile_options(unfold_flags INTERFACE -msimd128)
endif()
