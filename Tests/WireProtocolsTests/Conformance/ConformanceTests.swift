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
