internal import Primitives

/// The source that engines are built from: one version, pinned by digest.
///
/// llama-cpp-python's source package on PyPI contains llama.cpp, complete and unchanged; PyPI keeps published files,
/// and there are many mirrors.
package struct EngineSource: Sendable, Equatable {
    package var version: String
    package var url: String
    package var bytes: Int64
    /// SHA-256 in hexadecimal digits.
    package var sha256: String
    /// The directory of llama.cpp in the archive.
    package var folder: String

    package init(version: String, url: String, bytes: Int64, sha256: String, folder: String) {
        self.version = version
        self.url = url
        self.bytes = bytes
        self.sha256 = sha256
        self.folder = folder
    }

    /// - Source: https://pypi.org/pypi/llama-cpp-python/0.3.36/json, read on 2026-11-28.
    package static let pinned = EngineSource(
        version: "0.3.36",
        url: "https://files.pythonhosted.org/packages/ec/e9/"
            + "e7de2b0463ea3ffbf0ede6cb21b58c1258a8f6521aae45ca773a59fe7cf3/llama_cpp_python-0.3.36.tar.gz",
        bytes: 76_589_250,
        sha256: "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e",
        folder: "llama_cpp_python-0.3.36/vendor/llama.cpp")
}

/// The hardware backend of an engine.
package enum EngineBackend: String, Sendable, Hashable, CaseIterable {
    case cpu, cuda, metal, vulkan

    /// CMake options for it; all other backends are off.
    var options: [String] {
        let other: [(EngineBackend, String)] = [(.cuda, "GGML_CUDA"), (.metal, "GGML_METAL"), (.vulkan, "GGML_VULKAN")]
        return other.map { backend, name in "-D\(name)=\(backend == self ? "ON" : "OFF")" }
    }

    /// The disk space of its build: CUDA has many kernels.
    var diskBytes: Int64 { self == .cuda ? 6_000_000_000 : 1_500_000_000 }
}

/// The build tools of a machine.
package struct BuildTools: Sendable, Equatable {
    package var cmake: String?
    /// The C++ compiler.
    package var compiler: String?
    package var tar: String?
    /// CUDA's compiler.
    package var nvcc: String?
    /// Vulkan's shader compiler, if Vulkan's headers are installed too.
    package var glslc: String?
    /// Whether `nvidia-smi` is installed, which is part of the GPU driver.
    package var hasNvidiaDriver = false
    package var isDarwin = false
    package var coreCount = 1

    package init() {}

    private static let cudaFolder = "/usr/local/cuda"
    private static let vulkanHeader = "/usr/include/vulkan/vulkan.h"

    /// Searches for the tools.
    /// - Parameters:
    ///   - variables: the environment; `PATH`, `CUDA_PATH` and `VULKAN_SDK` are used.
    ///   - coreCount: the number of parallel compilers.
    package init(variables: [String: String], coreCount: Int) {
        let path = variables["PATH"] ?? ""
        func find(_ names: [String], also folders: [String] = []) -> String? {
            for name in names {
                for folder in path.split(separator: ":").map(String.init) + folders where folder.hasPrefix("/") {
                    if EngineFiles.isExecutable("\(folder)/\(name)") { return "\(folder)/\(name)" }
                }
            }
            return nil
        }
        self.cmake = find(["cmake"])
        self.compiler = variables["CXX"].flatMap { $0.isEmpty ? nil : $0 } ?? find(["c++", "g++", "clang++"])
        self.tar = find(["tar", "bsdtar"])
        self.nvcc = find(["nvcc"], also: ["\(variables["CUDA_PATH"] ?? Self.cudaFolder)/bin"])
        let sdk = variables["VULKAN_SDK"]
        let hasHeaders = Files.facts(sdk.map { "\($0)/include/vulkan/vulkan.h" } ?? Self.vulkanHeader) != nil
        self.glslc = hasHeaders ? find(["glslc"], also: sdk.map { ["\($0)/bin"] } ?? []) : nil
        self.hasNvidiaDriver = find(["nvidia-smi"], also: ["/usr/lib/wsl/lib"]) != nil
        #if canImport(Darwin)
        self.isDarwin = true
        #endif
        self.coreCount = coreCount
    }

    /// The backend to build: the requested one, otherwise the best that the machine has tools for.
    /// - Returns: the backend, and a warning for the user, if any.
    /// - Throws: when a tool is missing, with the command that installs it.
    package func backend(_ wanted: EngineBackend?) throws(RegistryError) -> (EngineBackend, warning: String?) {
        guard self.cmake != nil else { throw self.missing("CMake", "cmake") }
        guard self.compiler != nil else { throw self.missing("a C++ compiler", "build-essential") }
        guard self.tar != nil else { throw self.missing("tar", "tar") }
        switch wanted {
        case .cuda? where self.nvcc == nil:
            throw RegistryError(
                .unknown,
                "CUDA's compiler nvcc is not on PATH and not in \(Self.cudaFolder)/bin. Install NVIDIA's CUDA toolkit, "
                    + "or set CUDA_PATH; the driver alone is not enough")
        case .vulkan? where self.glslc == nil: throw self.missing("Vulkan's headers and glslc", "libvulkan-dev glslc")
        case .metal? where !self.isDarwin: throw RegistryError(.usage, "Metal exists only on macOS")
        case let wanted?: return (wanted, nil)
        case nil: break
        }
        if self.isDarwin { return (.metal, nil) }
        if self.nvcc != nil { return (.cuda, nil) }
        let fallback = self.glslc == nil ? EngineBackend.cpu : .vulkan
        guard self.hasNvidiaDriver else { return (fallback, nil) }
        return (
            fallback,
            "this machine has an NVIDIA GPU, but no CUDA compiler: the engine is built for "
                + (fallback == .cpu ? "the processor only" : "Vulkan")
                + ". To use CUDA, install NVIDIA's CUDA toolkit and build again"
        )
    }

    private func missing(_ what: String, _ packages: String) -> RegistryError {
        let command = self.isDarwin ? "brew install cmake, and xcode-select --install" : "apt-get install \(packages)"
        let pip = packages == "cmake" ? ", or pip install cmake" : ""
        return RegistryError(.unknown, "the build needs \(what); install with: \(command)\(pip)")
    }
}
