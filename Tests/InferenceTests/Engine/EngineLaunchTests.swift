import Inference
import Testing

struct EngineLaunchTests {
    private let launch = EngineLaunch(modelPath: "/m.gguf", alias: "m", slots: 4, slotContextTokens: 2048)

    /// What follows a word of the command line.
    private func value(_ name: String, _ launch: EngineLaunch, cores: Int = 8) -> String? {
        let arguments = launch.arguments(socket: "/run/s", physicalCores: cores)
        return arguments.firstIndex(of: name).map { arguments[$0 + 1] }
    }

    @Test func `the context is that of all slots, and HTTP threads go beyond them`() {
        #expect(self.value("--ctx-size", self.launch) == "8192")
        #expect(self.value("--parallel", self.launch) == "4")
        #expect(self.value("--threads-http", self.launch) == "12")
        #expect(self.value("--host", self.launch) == "/run/s")
    }

    @Test(arguments: [(1, "1"), (2, "1"), (8, "7")] as [(Int, String)])
    func `threads leave one core free, where there are several`(_ cores: Int, _ threads: String) {
        #expect(self.value("--threads", self.launch, cores: cores) == threads)
    }

    @Test func `flash attention is asked for on a card only`() {
        #expect(self.value("--flash-attn", self.launch) == "auto")
        var onCard = self.launch
        onCard.gpuLayers = .count(3)
        #expect(self.value("--flash-attn", onCard) == "on")
        #expect(self.value("--n-gpu-layers", onCard) == "3")
        for layers in [EngineLaunch.GPULayers.none, .automatic, .count(0)] {
            onCard.gpuLayers = layers
            #expect(self.value("--flash-attn", onCard) == "auto")
            #expect(self.value("--n-gpu-layers", onCard) == "0")
        }
    }

    @Test func `an engine on the processor yields to others, and one on a card does not`() {
        #expect(self.launch.niceness == 5)
        var onCard = self.launch
        onCard.gpuLayers = .count(1)
        #expect(onCard.niceness == 0)
    }

    @Test func `more threads than cores are cut`() {
        var launch = self.launch
        launch.threads = 64
        #expect(self.value("--threads", launch, cores: 8) == "7")
        launch.threads = 2
        #expect(self.value("--threads", launch, cores: 8) == "2")
    }

    @Test func `a text to embed fits one step`() {
        var embeddings = self.launch
        embeddings.purpose = .embeddings
        #expect(self.value("--ubatch-size", embeddings) == "2048")
        #expect(self.value("--ubatch-size", self.launch) == nil)
    }
}

struct ListedModelsTests {
    @Test func `the first source that knows a name answers`() async throws {
        let near = ModelPlace.local(
            LocalModel(name: "a", launch: EngineLaunch(modelPath: "/a.gguf", alias: "a")))
        let far = ModelPlace.external(
            ExternalModel(name: "a", servers: [.init(url: "http://127.0.0.1:1/v1", remoteName: "x")]))
        let sources = ModelSources([ListedModels(["a": near]), ListedModels(["a": far, "b": far])])
        #expect(try await sources.resolve("a") == near)
        #expect(try await sources.resolve("b") == far)
        #expect(try await sources.resolve("c") == nil)
        #expect(await Set(sources.names()) == ["a", "b"])
    }
}
