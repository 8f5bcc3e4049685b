import Testing

/// Smithy's protocol tests, as far as a server can use them.
@Suite struct ConformanceTests {
    @Test(arguments: CaseFile.smithy)
    func `requests are read as their cases say`(_ file: CaseFile) {
        let tally = ConformanceRunner(file).requests()
        #expect(tally.failures.isEmpty, "\(tally.summary)")
    }

    @Test(arguments: CaseFile.smithy)
    func `responses are written as their cases say`(_ file: CaseFile) {
        let tally = ConformanceRunner(file).responses()
        #expect(tally.failures.isEmpty, "\(tally.summary)")
    }

    @Test(arguments: CaseFile.smithy)
    func `malformed requests are refused as their cases say`(_ file: CaseFile) {
        let tally = ConformanceRunner(file).malformed()
        #expect(tally.failures.isEmpty, "\(tally.summary)")
    }

    @Test(arguments: BotocoreCases.inputs)
    func `requests are read as botocore writes them`(_ file: CaseFile) {
        let exceptions = BotocoreExceptions.requests.merging(ConformanceExceptions.requests) { own, _ in own }
        let failures = BotocoreCases.convert(file).flatMap {
            ConformanceRunner($0).requests(except: exceptions).failures
        }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    @Test(arguments: BotocoreCases.outputs)
    func `responses are written as botocore reads them`(_ file: CaseFile) {
        let exceptions = BotocoreExceptions.responses.merging(ConformanceExceptions.responses) { own, _ in own }
        let failures = BotocoreCases.convert(file).flatMap {
            ConformanceRunner($0).responses(except: exceptions).failures
        }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    @Test(.enabled(if: !BotocoreCases.inputs.isEmpty, "Scripts/fetch-protocol-cases was not run"))
    func `no case of botocore is forgotten, and every exception is a case`() {
        let inputs = BotocoreCases.inputs.flatMap(BotocoreCases.convert).flatMap { $0.serverCases("requestCases") }
        let outputs = BotocoreCases.outputs.flatMap(BotocoreCases.convert).flatMap { $0.serverCases("responseCases") }
        #expect(inputs.count + outputs.count == 732)
        let inputIDs = inputs.compactMap { $0["id"]?.string }
        #expect(BotocoreExceptions.requests.keys.filter { !inputIDs.contains($0) } == [])
        let outputIDs = outputs.compactMap { $0["id"]?.string }
        #expect(BotocoreExceptions.responses.keys.filter { !outputIDs.contains($0) } == [])
    }

    @Test(.enabled(if: !CaseFile.smithy.isEmpty, "the cases are not in this checkout"))
    func `no case is forgotten`() {
        let counts = ["requestCases", "responseCases", "malformedRequestCases"].map { list in
            CaseFile.smithy.reduce(0) { $0 + $1.serverCases(list).count }
        }
        #expect(counts == [456, 356, 655])
    }

    @Test(.enabled(if: !CaseFile.smithy.isEmpty, "the cases are not in this checkout"))
    func `every exception is a case`() {
        for (list, exceptions) in [
            ("requestCases", ConformanceExceptions.requests), ("responseCases", ConformanceExceptions.responses),
            ("malformedRequestCases", ConformanceExceptions.malformed),
        ] {
            let ids = CaseFile.smithy.flatMap { $0.serverCases(list) }.compactMap { $0["id"]?.string }
            #expect(exceptions.keys.filter { !ids.contains($0) } == [])
        }
    }
}
