import Inference
import Primitives
import Testing

private func reference(_ text: String) -> PullReference? {
    do throws(RegistryError) {
        return try PullReference(text)
    } catch {
        return nil
    }
}

struct PullReferenceTests {
    @Test(
        arguments: [
            ("hf.co/Qwen/Qwen3-8B-GGUF", "hf.co/Qwen/Qwen3-8B-GGUF"),
            ("Qwen/Qwen3-8B-GGUF:Q8_0", "hf.co/Qwen/Qwen3-8B-GGUF:Q8_0"),
            ("https://huggingface.co/a/b/blob/main/dir/x.gguf", "hf.co/a/b/dir/x.gguf"),
            ("https://huggingface.co/a/b/resolve/v1/x.gguf?download=true", "hf.co/a/b/resolve/v1/x.gguf"),
            ("huggingface.co/a/b/", "hf.co/a/b"), ("hf.co/a/b/x.gguf", "hf.co/a/b/x.gguf"),
        ] as [(String, String)])
    func `a model of the hub is named in several ways`(_ text: String, _ written: String) {
        guard case .hub(let hub)? = reference(text) else {
            Issue.record("\(text) is no reference")
            return
        }
        #expect(hub.text == written)
    }

    @Test func `other addresses are files, and names without a slash are none`() throws {
        #expect(try PullReference("qwen3-8b") == nil)
        guard case .address(let url)? = reference("http://127.0.0.1:80/x/y.gguf?z=1") else {
            Issue.record("an address is a reference")
            return
        }
        #expect(url.description == "http://127.0.0.1/x/y.gguf?z=1")
        #expect(url.shown == "http://127.0.0.1/x/y.gguf")
    }

    @Test(arguments: ["ftp://x/y", "hf.co/a", "a/../b", "a/b:", "a b/c", "hf.co/a/b/../c", "file:///etc/passwd"])
    func `what names nothing is refused`(_ text: String) {
        #expect(reference(text) == nil)
    }

    @Test(
        arguments: [
            "http://user:password@host/", "http://", "https://host:0/", "https://host:99999/", "http://ho st/",
            "http://[::1/", "http://[::1]x/", "http://host/\u{e4}", "http://host\\x/", "javascript:alert(1)",
        ])
    func `what is no plain address is refused`(_ text: String) {
        #expect(FetchURL(text) == nil)
    }

    @Test func `an answer sends on to absolute and relative addresses`() throws {
        let url = try #require(FetchURL("https://HuggingFace.co/a/b?c"))
        #expect(url.resolving("/x?y")?.description == "https://huggingface.co/x?y")
        #expect(url.resolving("//cdn.example/x")?.description == "https://cdn.example/x")
        #expect(url.resolving("http://[::1]:8080/x")?.authority == "[::1]:8080")
        #expect(url.resolving("mailto:x") == nil)
        #expect(url.resolving("x") == nil)
    }
}

struct HubSettingsTests {
    @Test func `a mirror and a token come from the environment, and a setting counts first`() throws {
        let settings = try HubSettings(
            environment: ["HF_ENDPOINT": "https://mirror.example", "HF_TOKEN": " hf_x\n", "HOME": "/nonexistent"])
        #expect(settings.endpoint.origin == "https://mirror.example")
        #expect(settings.token == "hf_x")
        let other = try HubSettings(environment: ["HF_ENDPOINT": "https://a.example"], endpoint: "https://b.example")
        #expect(other.endpoint.origin == "https://b.example")
        #expect(other.token == nil)
        #expect(throws: RegistryError.self) { try HubSettings(environment: ["HF_ENDPOINT": "mirror"]) }
        #expect(throws: RegistryError.self) { try HubSettings(environment: ["HF_TOKEN": "a\u{1}b"]) }
    }
}

struct TransferMeterTests {
    @Test(
        arguments: [
            (0, "0 bytes"), (999, "999 bytes"), (1000, "1.00 KB"), (1_234_567, "1.23 MB"), (12_345_678, "12.3 MB"),
            (999_600_000, "1.00 GB"), (4_920_000_000, "4.92 GB"), (9_999_999_999_999_999, "10000 TB"),
        ] as [(Int64, String)])
    func `sizes have three digits`(_ bytes: Int64, _ text: String) {
        #expect(ByteCount.text(bytes) == text)
    }

    @Test(
        arguments: [(0.2, "1 s"), (61, "1 min 01 s"), (3900, "1 h 05 min"), (1e9, "99 h 59 min")] as [(Double, String)])
    func `times are in words`(_ seconds: Double, _ text: String) {
        #expect(TransferMeter.text(seconds: seconds) == text)
    }

    @Test func `the rate is that of the last seconds`() {
        var meter = TransferMeter()
        #expect(meter.bytesPerSecond == nil)
        for second in 0...60 { meter.add(bytes: Int64(second < 50 ? 0 : second - 50) * 1000, seconds: Double(second)) }
        #expect(meter.bytesPerSecond == 1000)
        #expect(meter.secondsLeft(totalBytes: 20_000) == 10)
        let report = TransferReport(activity: "fetching", fileName: "x", doneBytes: 10_000, totalBytes: 20_000)
        #expect(meter.line(report, columns: 100).hasSuffix("] 50 %  10.0 KB of 20.0 KB, 1.00 KB/s, 10 s left"))
        let lines = [55, 54, 47, 46, 35, 15, 3].map { meter.line(report, columns: $0) }
        let words = "50 %  10.0 KB of 20.0 KB, 1.00 KB/s, 10 s left"
        #expect(
            lines == [
                "[##---] \(words)", words, words, "50 %  10.0 KB of 20.0 KB, 10 s left", "50 %, 10 s left", "50 %",
                "50",
            ])
        // A second file, or a download that begins anew.
        meter.add(bytes: 5, seconds: 61)
        #expect(meter.bytesPerSecond == nil)
    }

    @Test func `a rate is given once it is measured over a second`() {
        var meter = TransferMeter()
        meter.add(bytes: 2_000, seconds: 0)
        meter.add(bytes: 266_000, seconds: 0.001)
        #expect(meter.bytesPerSecond == nil)
        #expect(meter.secondsLeft(totalBytes: 1_000_000) == nil)
        // Samples between two points of the window count with their own time.
        for tenth in 1...15 { meter.add(bytes: 266_000 + Int64(tenth) * 200_000, seconds: Double(tenth) / 10) }
        #expect(meter.bytesPerSecond == 3_264_000 / 1.5)
    }
}

struct DownloadProgressTests {
    private func progress(_ total: Int64? = 100, have: Int64 = 0) -> DownloadProgress {
        DownloadProgress(name: "x", totalBytes: total, haveBytes: have, fruitlessCountMax: 3)
    }

    private func reason(_ begin: DownloadProgress.Begin) -> RegistryError.Reason? {
        if case .fail(let error) = begin { error.reason } else { nil }
    }

    @Test func `a whole answer begins anew, and a piece goes on`() {
        var progress = self.progress(have: 40)
        #expect(progress.range == "bytes=40-")
        #expect(progress.begin(status: 206, contentRange: "bytes 40-99/100", contentLength: 60) == .append)
        #expect(progress.receive(60) == nil)
        #expect(progress.end(nil as RegistryError?) == .complete)
        progress = self.progress(have: 40)
        #expect(progress.begin(status: 200, contentRange: nil, contentLength: 100) == .restart)
        #expect(progress.haveBytes == 0)
        #expect(progress.range == nil)
    }

    @Test func `more than there can be was no part of it`() {
        #expect(self.progress(have: 101).haveBytes == 0)
    }

    @Test(
        arguments: [
            ("bytes 39-99/100", RegistryError.Reason.unreachable), ("bytes 40-98/99", .damaged), ("", .unreachable),
            ("bytes 40-100/100", .unreachable), ("items 40-99/100", .unreachable), ("bytes 40-99", .unreachable),
        ] as [(String, RegistryError.Reason)])
    func `a piece that was not asked for is refused`(_ range: String, _ reason: RegistryError.Reason) {
        var progress = self.progress(have: 40)
        #expect(self.reason(progress.begin(status: 206, contentRange: range, contentLength: nil)) == reason)
    }

    @Test func `another length than announced is damage, and so is more than that`() {
        var progress = self.progress()
        #expect(self.reason(progress.begin(status: 200, contentRange: nil, contentLength: 99)) == .damaged)
        progress = self.progress()
        #expect(progress.begin(status: 200, contentRange: nil, contentLength: nil) == .restart)
        #expect(progress.receive(100) == nil)
        #expect(progress.receive(1)?.reason == .damaged)
    }

    @Test func `no such piece means that all is there, or that it begins anew`() {
        var progress = self.progress(have: 100)
        #expect(progress.begin(status: 416, contentRange: "bytes */100", contentLength: 0) == .complete)
        progress = self.progress(have: 40)
        #expect(progress.begin(status: 416, contentRange: "bytes */30", contentLength: 0) == .restart)
        #expect(progress.haveBytes == 0)
    }

    @Test func `it goes on while something comes, and ends after some tries that brought nothing`() {
        var progress = self.progress(1000)
        let cut = RegistryError(.unreachable, "cut")
        for _ in 0..<20 {
            _ = progress.begin(
                status: progress.haveBytes == 0 ? 200 : 206,
                contentRange: "bytes \(progress.haveBytes)-999/1000", contentLength: nil)
            _ = progress.receive(10)
            #expect(progress.end(cut) == .again(pauseMilliseconds: 500))
        }
        #expect(progress.failed(cut) == .again(pauseMilliseconds: 1000))
        #expect(progress.failed(cut) == .again(pauseMilliseconds: 2000))
        guard case .fail(let error) = progress.failed(cut) else {
            Issue.record("the third try that brings nothing is the last")
            return
        }
        #expect(error.sentence.hasPrefix("cut; the downloaded part is kept"))
    }

    @Test(arguments: [(0, true), (10, false)] as [(Int64, Bool)])
    func `a part is only said to be kept if there is one, and a later pull uses it`(have: Int64, isKept: Bool) {
        var progress = DownloadProgress(
            name: "x", totalBytes: 100, haveBytes: have, isKept: isKept, fruitlessCountMax: 1)
        let cut = RegistryError(.unreachable, "cut")
        #expect(progress.failed(cut) == .fail(cut))
    }

    @Test func `a body that ends too early is a cut, and one without a length is over at its end`() {
        var progress = self.progress()
        _ = progress.begin(status: 200, contentRange: nil, contentLength: nil)
        _ = progress.receive(50)
        #expect(progress.end(nil as RegistryError?) == .again(pauseMilliseconds: 500))
        progress = self.progress(nil)
        _ = progress.begin(status: 200, contentRange: nil, contentLength: nil)
        _ = progress.receive(50)
        #expect(progress.end(nil as RegistryError?) == .complete)
        #expect(progress.totalBytes == 50)
    }
}
