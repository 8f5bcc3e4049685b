import Inference
import Testing

/// What an engine is built for, and what a machine lacks.
struct EngineBuildTests {
    private func tools(_ change: (inout BuildTools) -> Void = { _ in }) -> BuildTools {
        var tools = BuildTools()
        tools.cmake = "/usr/bin/cmake"
        tools.compiler = "/usr/bin/c++"
        tools.tar = "/usr/bin/tar"
        change(&tools)
        return tools
    }

    private func fault(_ tools: BuildTools, _ wanted: EngineBackend?) -> RegistryError? {
        do throws(RegistryError) {
            _ = try tools.backend(wanted)
            return nil
        } catch {
            return error
        }
    }

    @Test func `the best is taken that the machine has the tools for`() throws {
        #expect(try self.tools().backend(nil).0 == .cpu)
        #expect(try self.tools { $0.glslc = "/usr/bin/glslc" }.backend(nil).0 == .vulkan)
        let both = self.tools {
            $0.glslc = "/usr/bin/glslc"
            $0.nvcc = "/usr/local/cuda/bin/nvcc"
        }
        #expect(try both.backend(nil).0 == .cuda)
        #expect(try both.backend(.cpu).0 == .cpu)
        #expect(try self.tools { $0.isDarwin = true }.backend(nil).0 == .metal)
    }

    @Test func `a card without its compiler is spoken of`() throws {
        let (backend, warning) = try self.tools { $0.hasNvidiaDriver = true }.backend(nil)
        #expect(backend == .cpu && warning?.contains("install NVIDIA's CUDA toolkit") == true)
        #expect(try self.tools().backend(nil).warning == nil)
        let asked = self.tools { $0.hasNvidiaDriver = true }
        #expect(try asked.backend(.cpu).warning == nil)
    }

    @Test func `what is missing is named with the command that brings it`() {
        #expect(
            self.fault(self.tools { $0.cmake = nil }, nil)?.sentence
                == "the build needs CMake; install with: apt-get install cmake, or pip install cmake")
        #expect(
            self.fault(self.tools { $0.compiler = nil }, .cuda)?.sentence
                == "the build needs a C++ compiler; install with: apt-get install build-essential")
        #expect(self.fault(self.tools(), .cuda)?.sentence.contains("nvcc is not on PATH") == true)
        #expect(self.fault(self.tools(), .vulkan)?.sentence.contains("libvulkan-dev") == true)
        #expect(self.fault(self.tools(), .metal)?.reason == .usage)
    }

    @Test(
        arguments: [
            ("[ 12%] Building CXX object", 12), ("[100%] Built target llama-server", 100), ("[3/120] Building", 2),
            ("[120/120] Linking", 100), ("-- Configuring done", nil), ("[x%] y", nil), ("[5/0] y", nil),
            ("[200%]", nil),
            ("[7/3]", nil), ("[", nil), ("", nil),
        ] as [(String, Int?)])
    func `per cents of make and ninja are read`(line: String, percent: Int?) {
        #expect(BuildProgress.percent(line) == percent)
    }

    @Test func `the pinned source is named by a whole digest`() {
        #expect(ContentDigest(hex: EngineSource.pinned.sha256) != nil)
        #expect(EngineSource.pinned.url.contains(EngineSource.pinned.version))
        #expect(FetchURL(EngineSource.pinned.url)?.isTLS == true)
    }
}
