# Front door of the build: every target is a plain command of CMake, CTest or scripts/.
#   make [BUILD=dir] [CMAKE_FLAGS=...]    make test [TESTS=regex]    make install PREFIX=dir [DESTDIR=dir]
BUILD ?= build
PREFIX ?= /usr/local
CMAKE_FLAGS ?=
TESTS ?= .
FUZZ_SECONDS ?= 60
CTEST = ctest --output-on-failure -R '$(TESTS)'

.PHONY: all deps setup demo test qemu bench check format asan tsan fuzz install clean

all: $(BUILD)/build.ninja
	@cmake --build $(BUILD)

$(BUILD)/build.ninja:
	@cmake -S . -B $(BUILD) -G Ninja $(CMAKE_FLAGS)

# Installs what is missing; a quick look when nothing is.
deps:
	@scripts/setup --check >/dev/null || scripts/setup

setup:
	@scripts/setup

demo:
	@scripts/setup --build --check >/dev/null || scripts/setup --build
	@$(MAKE) --no-print-directory all
	@PLEAT=$(BUILD)/pleat scripts/demo

test: deps
	@$(MAKE) --no-print-directory all
	@cd $(BUILD) && $(CTEST)

# All tests on emulated processors, slow ones included.
qemu: deps
	@$(MAKE) --no-print-directory all
	@scripts/emulate sse2 $(BUILD) '$(TESTS)'
	@scripts/emulate avx2 $(BUILD) '$(TESTS)'
	@scripts/emulate arm64 build-arm64 '$(TESTS)'

bench: all
	@$(BUILD)/tests/kern/test_kern --bench

check: all
	@scripts/check $(BUILD)

format:
	@scripts/check-format --fix

asan:
	@$(MAKE) --no-print-directory all BUILD=build-asan CMAKE_FLAGS='-DCMAKE_BUILD_TYPE=Debug -DPLEAT_SANITIZE=ON $(CMAKE_FLAGS)'
	@cd build-asan && $(CTEST)

tsan:
	@$(MAKE) --no-print-directory all BUILD=build-tsan CMAKE_FLAGS='-DCMAKE_BUILD_TYPE=Debug -DPLEAT_TSAN=ON $(CMAKE_FLAGS)'
	@cd build-tsan && $(CTEST)

fuzz:
	@$(MAKE) --no-print-directory all BUILD=build-fuzz CMAKE_FLAGS='-DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DPLEAT_FUZZ=ON $(CMAKE_FLAGS)'
	@scripts/fuzz build-fuzz $(FUZZ_SECONDS)

# The prefix is configured, not only given to the install step: it is written into pleat.pc.
install:
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_INSTALL_PREFIX=$(PREFIX) $(CMAKE_FLAGS)
	@cmake --build $(BUILD)
	@cmake --install $(BUILD)

clean:
	rm -rf build build-asan build-tsan build-fuzz build-arm64 demo_out
