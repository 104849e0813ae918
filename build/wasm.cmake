# How kernels.wasm is linked: Emscripten as a compiler and libc only, a reactor module without generated
# JavaScript. ABORTING_MALLOC=0: a failed allocation returns NULL. The one function import that results is
# emscripten_notify_memory_growth; check-wasm.mjs holds that.
set(exports ${CMAKE_SOURCE_DIR}/core/wasm/exports.txt)
set(exports_faults ${CMAKE_SOURCE_DIR}/core/wasm/exports-faults.txt)
set(exports_all ${CMAKE_CURRENT_BINARY_DIR}/exports.txt)

file(STRINGS ${exports} names)
if(UNFOLD_FAULTS)
  file(STRINGS ${exports_faults} more)
  list(APPEND names ${more})
endif()
list(FILTER names INCLUDE REGEX "^_")
list(JOIN names "\n" text)
file(GENERATE OUTPUT ${exports_all} CONTENT "${text}\n")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${exports} ${exports_faults})

target_link_options(kernels PRIVATE
  -O3 --no-entry
  -sEXPORTED_FUNCTIONS=@${exports_all}
  -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=4GB -sINITIAL_MEMORY=16MB -sTOTAL_STACK=1MB
  -sABORTING_MALLOC=0 -sFILESYSTEM=0)
set_target_properties(kernels PROPERTIES SUFFIX ".wasm" LINK_DEPENDS "${exports}")
