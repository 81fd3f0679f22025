PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE identities (
	id VARCHAR(12) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	name_key VARCHAR(256) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	token_sha256 VARCHAR(64) NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name_key)
);
INSERT INTO identities VALUES('ab011ea320e3','司令 太郎','司令 太郎','CMD','3e23d49188d28c7516bf5f46ddc82d8c1e5a55ec94ab8526048d38da8c74922f','2025-10-09T03:04:08Z');
INSERT INTO identities VALUES('04b40a0f8dbe','作業 花子','作業 花子','WORK','73c3cc7d3ebf5b25ac35b0e68c2fab0bf89badd055f7340b799747e77de1569e','2025-10-09T03:04:09Z');
INSERT INTO identities VALUES('6e8ec36ca51b','監査 次郎','監査 次郎','AUDIT','7b30d138497d7dce037ecac2e723c25e21dd4cf5e00375dc1ae603a2f46c4160','2025-10-09T03:04:10Z');
INSERT INTO identities VALUES('3293523b63f0','閲覧','閲覧','viewer','ababff5faaff9101e4454a5c872dd55363ac6c76dae6133f625d2cf3fadb7eff','2025-10-09T03:04:11Z');
CREATE TABLE identity_passwords (
	identity_id VARCHAR(12) NOT NULL, 
	password VARCHAR(200) NOT NULL, 
	PRIMARY KEY (identity_id)
);
INSERT INTO identity_passwords VALUES('3293523b63f0','scrypt$F4rSMvJx28nxt9Y0rmVM5g==$TfSOVVWhAMcA2if/D8Bgt3VNpodUjMHeOXioVhoRiSc=');
CREATE TABLE alerts (
	number INTEGER NOT NULL, 
	alert_id TEXT NOT NULL, 
	type VARCHAR(16) NOT NULL, 
	title TEXT NOT NULL, 
	message TEXT NOT NULL, 
	first_at VARCHAR(32) NOT NULL, 
	last_at VARCHAR(32) NOT NULL, 
	ended_at VARCHAR(32), 
	seen_at VARCHAR(32), 
	seen_by TEXT NOT NULL, 
	comment TEXT NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO alerts VALUES(1,'task_timeout_001','warning','タスクタイムアウト','図 | 表','2025-10-09T03:04:35.000000Z','2025-10-09T03:04:35.000000Z',NULL,NULL,'','');
CREATE TABLE approval_requests (
	appr_id VARCHAR(64) NOT NULL, 
	task_id VARCHAR(255) NOT NULL, 
	generation INTEGER NOT NULL, 
	core VARCHAR(64) NOT NULL, 
	row_rev VARCHAR(64) NOT NULL, 
	evidence TEXT NOT NULL, 
	sha256 VARCHAR(64), 
	state VARCHAR(16) NOT NULL, 
	note TEXT NOT NULL, 
	PRIMARY KEY (appr_id)
);
INSERT INTO approval_requests VALUES('A004','004',1,'WORK_AI_02','143f3ea63cc4eff6','ORCH/REPORTS/出荷.md','11e52f6fcbd1c24204f5e28b50c209aa49cff11c71777219a8042dc138e36678','open','');
CREATE TABLE attempts (
	task_id VARCHAR(255) NOT NULL, 
	generation INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	core VARCHAR(64) NOT NULL, 
	started_at FLOAT NOT NULL, 
	ended_at FLOAT, 
	outcome VARCHAR(32) NOT NULL, 
	exit_status INTEGER, 
	log TEXT NOT NULL, 
	mark VARCHAR(64) NOT NULL, 
	pid INTEGER, 
	pid_started FLOAT, 
	PRIMARY KEY (task_id, generation)
);
INSERT INTO attempts VALUES('003',1,1,'WORK_AI_01',1759979059.0,NULL,'running',NULL,'','',NULL,NULL);
INSERT INTO attempts VALUES('004',1,1,'WORK_AI_02',1759979062.0,1759979067.0,'done',NULL,'','',NULL,NULL);
CREATE TABLE high_water (
	kind VARCHAR(16) NOT NULL, 
	prefix VARCHAR(200) NOT NULL, 
	number BIGINT NOT NULL, 
	PRIMARY KEY (kind, prefix)
);
INSERT INTO high_water VALUES('task','',4);
INSERT INTO high_water VALUES('task','deploy-',4);
INSERT INTO high_water VALUES('approval','A',4);
INSERT INTO high_water VALUES('milestone','M',1);
CREATE TABLE idempotency (
	scope VARCHAR(64) NOT NULL, 
	"key" VARCHAR(255) NOT NULL, 
	payload_sha256 VARCHAR(64) NOT NULL, 
	record_id TEXT NOT NULL, 
	answer JSON, 
	created_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (scope, "key")
);
INSERT INTO idempotency VALUES('task_create','create-1','5bdc96e2df8ae9789064f5cace3c3054c7a000e6b697c65687db0112217d24c5','003','{"rev": "2e3d9f2d67e92928", "line": 8, "raw": "| 003 | \u56f3\u9762\uff5cC:\\\u56f3\u9762\\\u4e00.dwg \u306e\u78ba\u8a8d | PLAN | WORK | - | - | - | - | - | - |", "read_only": false, "id": "003", "title": "\u56f3\u9762\uff5cC:\\\u56f3\u9762\\\u4e00.dwg \u306e\u78ba\u8a8d", "status": "PLAN", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}','2025-10-09T03:04:12.000000Z');
CREATE TABLE journal (
	id INTEGER NOT NULL, 
	uid VARCHAR(32) NOT NULL, 
	ts VARCHAR(32) NOT NULL, 
	actor TEXT NOT NULL, 
	role TEXT NOT NULL, 
	event VARCHAR(64) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	record_id TEXT NOT NULL, 
	task_id TEXT NOT NULL, 
	appr_id TEXT NOT NULL, 
	"before" JSON, 
	"after" JSON, 
	rev_before VARCHAR(64), 
	rev_after VARCHAR(64), 
	source VARCHAR(16) NOT NULL, 
	claimed BOOLEAN NOT NULL, 
	details JSON NOT NULL, 
	payload_sha256 VARCHAR(64) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (uid)
);
INSERT INTO journal VALUES(1,'f9657e77b47741f9a0801b507124ded8','2025-10-09T03:04:14.000000Z','司令 太郎','CMD','task_created','task','003','003','',NULL,'{"id": "003", "title": "\u56f3\u9762\uff5cC:\\\u56f3\u9762\\\u4e00.dwg \u306e\u78ba\u8a8d", "status": "PLAN", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}',NULL,'2e3d9f2d67e92928','http',0,'{}','5bdc96e2df8ae9789064f5cace3c3054c7a000e6b697c65687db0112217d24c5');
INSERT INTO journal VALUES(2,'66653d05766c45dbb75c6ea18ba6b451','2025-10-09T03:04:15.000000Z','司令 太郎','CMD','task_created','task','004','004','',NULL,'{"id": "004", "title": "\u51fa\u8377\u306e\u5831\u544a", "status": "PLAN", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}',NULL,'497c661fcb2b1ee5','http',0,'{}','b1d61b8085a3baa9520e16bc4f7123c84e3b4ca290a8c29bed85c6a23dba527d');
INSERT INTO journal VALUES(3,'6772f6b82df043eea7dba8ce6cba4002','2025-10-09T03:04:16.000000Z','司令 太郎','CMD','task_promoted','task','003','003','','{"id": "003", "title": "\u56f3\u9762\uff5cC:\\\u56f3\u9762\\\u4e00.dwg \u306e\u78ba\u8a8d", "status": "PLAN", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}','{"id": "003", "title": "\u56f3\u9762\uff5cC:\\\u56f3\u9762\\\u4e00.dwg \u306e\u78ba\u8a8d", "status": "READY", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}','2e3d9f2d67e92928','4369470b014808c9','http',0,'{"row_before": {"line": 8, "raw": "| 003 | \u56f3\u9762\uff5cC:\\\u56f3\u9762\\\u4e00.dwg \u306e\u78ba\u8a8d | PLAN | WORK | - | - | - | - | - | - |"}}','018e18dfa897d01d3387edb5e83ae10f42a45d0c76e7245b9d6948b938189596');
INSERT INTO journal VALUES(4,'d7d80e178551487ab38957fe5d4dcac4','2025-10-09T03:04:17.000000Z','司令 太郎','CMD','task_promoted','task','004','004','','{"id": "004", "title": "\u51fa\u8377\u306e\u5831\u544a", "status": "PLAN", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}','{"id": "004", "title": "\u51fa\u8377\u306e\u5831\u544a", "status": "READY", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}','497c661fcb2b1ee5','3f4c741fe990814b','http',0,'{"row_before": {"line": 9, "raw": "| 004 | \u51fa\u8377\u306e\u5831\u544a | PLAN | WORK | - | - | - | - | - | - |"}}','d817006326dcb06ee1152c8fe0b1cef4ddf5eb14eb10d7ccfb015812b1d55eee');
INSERT INTO journal VALUES(5,'8ce1a274e4cc45609c0652ec2d51a456','2025-10-09T03:04:20.000000Z','WORK_AI_01','WORK','task_claimed','task','003','003','','{"id": "003", "title": "\u56f3\u9762\uff5cC:\\\u56f3\u9762\\\u4e00.dwg \u306e\u78ba\u8a8d", "status": "READY", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}','{"id": "003", "title": "\u56f3\u9762\uff5cC:\\\u56f3\u9762\\\u4e00.dwg \u306e\u78ba\u8a8d", "status": "DOING", "owner": "WORK", "lock": "WORK_AI_01@2025-10-09T03:04:19Z", "lock_owner": "WORK_AI_01", "lock_expires_at": "2025-10-09T03:34:19Z", "due": "-", "artifact": "-", "notes": "-"}','4369470b014808c9','e3cd2d7716bed88d','dispatcher',0,'{"job_id": "003", "coreId": "WORK_AI_01", "attempt": 1, "generation": 1, "lock_expires_at": "2025-10-09T03:34:19Z", "row_before": {"line": 8, "raw": "| 003 | \u56f3\u9762\uff5cC:\\\u56f3\u9762\\\u4e00.dwg \u306e\u78ba\u8a8d | READY | WORK | - | - | - | - | - | - |"}}','');
INSERT INTO journal VALUES(6,'13ab2865cca1421983c76df2d31611b3','2025-10-09T03:04:23.000000Z','WORK_AI_02','WORK','task_claimed','task','004','004','','{"id": "004", "title": "\u51fa\u8377\u306e\u5831\u544a", "status": "READY", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}','{"id": "004", "title": "\u51fa\u8377\u306e\u5831\u544a", "status": "DOING", "owner": "WORK", "lock": "WORK_AI_02@2025-10-09T03:04:22Z", "lock_owner": "WORK_AI_02", "lock_expires_at": "2025-10-09T03:34:22Z", "due": "-", "artifact": "-", "notes": "-"}','3f4c741fe990814b','3bb785b6c1ed8625','dispatcher',0,'{"job_id": "004", "coreId": "WORK_AI_02", "attempt": 1, "generation": 1, "lock_expires_at": "2025-10-09T03:34:22Z", "row_before": {"line": 9, "raw": "| 004 | \u51fa\u8377\u306e\u5831\u544a | READY | WORK | - | - | - | - | - | - |"}}','');
INSERT INTO journal VALUES(7,'296f8ca77103416097adb03dbc414e72','2025-10-09T03:04:26.000000Z','WORK_AI_02','-','task_reported','task','004','004','','{"id": "004", "title": "\u51fa\u8377\u306e\u5831\u544a", "status": "DOING", "owner": "WORK", "lock": "WORK_AI_02@2025-10-09T03:04:22Z", "lock_owner": "WORK_AI_02", "lock_expires_at": "2025-10-09T03:34:22Z", "due": "-", "artifact": "-", "notes": "-"}','{"id": "004", "title": "\u51fa\u8377\u306e\u5831\u544a", "status": "REVIEW", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "ORCH/REPORTS/\u51fa\u8377.md", "notes": "-"}','3bb785b6c1ed8625','143f3ea63cc4eff6','dispatcher',0,'{"job_id": "004", "coreId": "WORK_AI_02", "attempt": 1, "generation": 1, "lock_expires_at": "2025-10-09T03:34:22Z", "outcome": "done", "artifact": "ORCH/REPORTS/\u51fa\u8377.md", "message": "\u6e08", "exit_status": null, "tail": [], "failures": 0, "alert": false, "row_before": {"line": 9, "raw": "| 004 | \u51fa\u8377\u306e\u5831\u544a | DOING | WORK | WORK_AI_02@2025-10-09T03:04:22Z | WORK_AI_02 | 2025-10-09T03:34:22Z | - | - | - |"}}','');
INSERT INTO journal VALUES(8,'488a80b0e32145a3a6dbc06bfb7d618c','2025-10-09T03:04:30.000000Z','dispatcher','CMD','approval_requested','approval','A004','004','A004',NULL,'{"appr_id": "A004", "task_id": "004", "op": "\u30bf\u30b9\u30af\u5b8c\u4e86", "status": "pending", "requested_by": "WORK_AI_02", "approver": "-", "approver_role": "-", "ts_req": "2025-10-09T03:04:28Z", "ts_dec": "-", "evidence": "ORCH/REPORTS/\u51fa\u8377.md"}',NULL,'f5907955549451a9','dispatcher',0,'{"appr_id": "A004", "job_id": "004", "coreId": "WORK_AI_02", "generation": 1, "evidence": "ORCH/REPORTS/\u51fa\u8377.md", "sha256": "11e52f6fcbd1c24204f5e28b50c209aa49cff11c71777219a8042dc138e36678", "state": "open", "note": ""}','');
INSERT INTO journal VALUES(9,'8eb70be27522446e9f65ed9c001d26d6','2025-10-09T03:04:33.000000Z','司令 太郎','CMD','task_held','task','002','002','','{"id": "002", "title": "\u914d\u5e03 | \u691c\u8a3c <script>alert(1)</script>", "status": "PLAN", "owner": "CMD", "lock": "WORK@2025-10-07T12:00:00Z", "lock_owner": "WORK", "lock_expires_at": "2025-10-07T12:30:00Z", "due": "None", "artifact": "-", "notes": "-"}','{"id": "002", "title": "\u914d\u5e03 | \u691c\u8a3c <script>alert(1)</script>", "status": "HOLD", "owner": "CMD", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "None", "artifact": "-", "notes": "-"}','15ec9a3ed65723dc','8141fec81ee63fe5','http',0,'{"row_before": {"line": 6, "raw": "| 002 | \u914d\u5e03 \\| \u691c\u8a3c <script>alert(1)</script> | PLAN | CMD | WORK@2025-10-07T12:00:00Z | WORK | 2025-10-07T12:30:00Z | None | - | - |"}}','716f1a1a6e9a081365a487c0d84aeab30e310fc17c785548a0e5183f39b4efc3');
INSERT INTO journal VALUES(10,'e6fb22d6b3e247c4be8b63f4f6149597','2025-10-09T03:04:36.000000Z','outside','-','task_updated','task','001','001','','{"id": "001", "title": "UI\u7d71\u5408\u30c6\u30b9\u30c8", "status": "REVIEW", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "2025-10-07", "artifact": "C:\\ORCH\\patches\\001.md", "notes": "\u512a\u5148"}','{"id": "001", "title": "UI\u7d71\u5408\u30c6\u30b9\u30c8", "status": "REVIEW", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "2025-10-07", "artifact": "C:\\ORCH\\patches\\001.md", "notes": "\u6700\u512a\u5148"}','3f9c18d7d95e3c1c','dd5cbe94e10c026a','outside',1,'{"row_before": {"line": 5, "raw": "| 001 | UI\u7d71\u5408\u30c6\u30b9\u30c8 | REVIEW | WORK | - | - | - | 2025-10-07 | C:\\ORCH\\patches\\001.md | \u512a\u5148 |"}}','');
CREATE TABLE journal_turn (
	id INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO journal_turn VALUES(1);
CREATE TABLE knowledge_marks (
	name VARCHAR(32) NOT NULL, 
	number BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO knowledge_marks VALUES('attempts',1759979067);
INSERT INTO knowledge_marks VALUES('journal',9);
CREATE TABLE learned_models (
	id INTEGER NOT NULL, 
	script VARCHAR(255) NOT NULL, 
	version INTEGER NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	data_from VARCHAR(32) NOT NULL, 
	data_to VARCHAR(32) NOT NULL, 
	samples INTEGER NOT NULL, 
	epochs INTEGER NOT NULL, 
	score JSON NOT NULL, 
	learned JSON NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (script, version)
);
CREATE TABLE leases (
	task_id VARCHAR(255) NOT NULL, 
	generation INTEGER NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	core VARCHAR(64) NOT NULL, 
	mode VARCHAR(16) NOT NULL, 
	state VARCHAR(8) NOT NULL, 
	lock TEXT NOT NULL, 
	acquired_at FLOAT NOT NULL, 
	expires_at FLOAT NOT NULL, 
	heartbeat_at FLOAT NOT NULL, 
	started_at FLOAT, 
	attempt INTEGER NOT NULL, 
	failures INTEGER NOT NULL, 
	PRIMARY KEY (task_id)
);
INSERT INTO leases VALUES('003',1,'c39f0d52bf2ee23df59bab11b92131486b54313bf790b068bd7dbbb16efd13df','WORK_AI_01','pull','held','WORK_AI_01@2025-10-09T03:04:19Z',1759979059.0,1759980859.0,1759979059.0,1759979059.0,1,0);
INSERT INTO leases VALUES('004',1,'1fcebdf6013dcc33900975fed6560f46780dfbcf8e086596e8bf2989dcc86abf','WORK_AI_02','pull','free','WORK_AI_02@2025-10-09T03:04:22Z',1759979062.0,1759980862.0,1759979062.0,1759979062.0,1,0);
CREATE TABLE readings (
	host VARCHAR(255) NOT NULL, 
	at BIGINT NOT NULL, 
	cpu FLOAT NOT NULL, 
	memory FLOAT NOT NULL, 
	disk FLOAT NOT NULL, 
	response FLOAT, 
	PRIMARY KEY (host, at)
);
INSERT INTO readings VALUES('端末',1759979045,12.5,50.0,20.0,0.25);
CREATE TABLE rule_checks (
	rule_id VARCHAR(32) NOT NULL, 
	checked_at VARCHAR(32) NOT NULL, 
	problem TEXT NOT NULL, 
	PRIMARY KEY (rule_id)
);
CREATE TABLE rule_violations (
	number INTEGER NOT NULL, 
	rule_id VARCHAR(32) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	file TEXT NOT NULL, 
	line INTEGER NOT NULL, 
	message TEXT NOT NULL, 
	detected_at VARCHAR(32) NOT NULL, 
	resolved_at VARCHAR(32), 
	PRIMARY KEY (number)
);
CREATE TABLE search_documents (
	id INTEGER NOT NULL, 
	source VARCHAR(16) NOT NULL, 
	ref VARCHAR(255) NOT NULL, 
	task_id TEXT NOT NULL, 
	ts VARCHAR(32) NOT NULL, 
	title TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (source, ref)
);
INSERT INTO search_documents VALUES(1,'outcome','b7d22178cb7ad7e8296fe13019c47398808d13ef04a7ccb14765eeb9b67862a3','001','2025-10-09T03:04:34.000000Z','作業\報告 success','');
INSERT INTO search_documents VALUES(2,'outcome','bf2b05b0de9de53b1e78eb8fd5a4ac95e900406562b86836865b0d68de489510','004','2025-10-09T03:04:27.000000Z','dispatch success',replace('ORCH/REPORTS/出荷.md\nattempt: 1\ngeneration: 1\noutcome: done\nscript_name: WORK_AI_02','\n',char(10)));
INSERT INTO search_documents VALUES(3,'journal','1','003','2025-10-09T03:04:14.000000Z','task_created 003 (司令 太郎)',replace('id: 003\ntitle: 図面｜C:\図面\一.dwg の確認\nstatus: PLAN\nowner: WORK\nlock: -\nlock_owner: -\nlock_expires_at: -\ndue: -\nartifact: -\nnotes: -','\n',char(10)));
INSERT INTO search_documents VALUES(4,'journal','2','004','2025-10-09T03:04:15.000000Z','task_created 004 (司令 太郎)',replace('id: 004\ntitle: 出荷の報告\nstatus: PLAN\nowner: WORK\nlock: -\nlock_owner: -\nlock_expires_at: -\ndue: -\nartifact: -\nnotes: -','\n',char(10)));
INSERT INTO search_documents VALUES(5,'journal','3','003','2025-10-09T03:04:16.000000Z','task_promoted 003 (司令 太郎)',replace('status: READY\nrow_before: {''line'': 8, ''raw'': ''| 003 | 図面｜C:\\図面\\一.dwg の確認 | PLAN | WORK | - | - | - | - | - | - |''}','\n',char(10)));
INSERT INTO search_documents VALUES(6,'journal','4','004','2025-10-09T03:04:17.000000Z','task_promoted 004 (司令 太郎)',replace('status: READY\nrow_before: {''line'': 9, ''raw'': ''| 004 | 出荷の報告 | PLAN | WORK | - | - | - | - | - | - |''}','\n',char(10)));
INSERT INTO search_documents VALUES(7,'journal','5','003','2025-10-09T03:04:20.000000Z','task_claimed 003 (WORK_AI_01)',replace('status: DOING\nlock: WORK_AI_01@2025-10-09T03:04:19Z\nlock_owner: WORK_AI_01\nlock_expires_at: 2025-10-09T03:34:19Z\njob_id: 003\ncoreId: WORK_AI_01\nattempt: 1\ngeneration: 1\nrow_before: {''line'': 8, ''raw'': ''| 003 | 図面｜C:\\図面\\一.dwg の確認 | READY | WORK | - | - | - | - | - | - |''}','\n',char(10)));
INSERT INTO search_documents VALUES(8,'journal','6','004','2025-10-09T03:04:23.000000Z','task_claimed 004 (WORK_AI_02)',replace('status: DOING\nlock: WORK_AI_02@2025-10-09T03:04:22Z\nlock_owner: WORK_AI_02\nlock_expires_at: 2025-10-09T03:34:22Z\njob_id: 004\ncoreId: WORK_AI_02\nattempt: 1\ngeneration: 1\nrow_before: {''line'': 9, ''raw'': ''| 004 | 出荷の報告 | READY | WORK | - | - | - | - | - | - |''}','\n',char(10)));
INSERT INTO search_documents VALUES(9,'journal','7','004','2025-10-09T03:04:26.000000Z','task_reported 004 (WORK_AI_02)',replace('status: REVIEW\nlock: -\nlock_owner: -\nlock_expires_at: 2025-10-09T03:34:22Z\nartifact: ORCH/REPORTS/出荷.md\njob_id: 004\ncoreId: WORK_AI_02\nattempt: 1\ngeneration: 1\noutcome: done\nmessage: 済\nrow_before: {''line'': 9, ''raw'': ''| 004 | 出荷の報告 | DOING | WORK | WORK_AI_02@2025-10-09T03:04:22Z | WORK_AI_02 | 2025-10-09T03:34:22Z | - | - | - |''}','\n',char(10)));
INSERT INTO search_documents VALUES(10,'journal','8','004','2025-10-09T03:04:30.000000Z','approval_requested A004 (dispatcher)',replace('appr_id: A004\ntask_id: 004\nop: タスク完了\nstatus: pending\nrequested_by: WORK_AI_02\napprover: -\napprover_role: -\nts_req: 2025-10-09T03:04:28Z\nts_dec: -\nevidence: ORCH/REPORTS/出荷.md\njob_id: 004\ncoreId: WORK_AI_02\ngeneration: 1\nsha256: 11e52f6fcbd1c24204f5e28b50c209aa49cff11c71777219a8042dc138e36678\nstate: open','\n',char(10)));
INSERT INTO search_documents VALUES(11,'journal','9','002','2025-10-09T03:04:33.000000Z','task_held 002 (司令 太郎)',replace('status: HOLD\nlock: -\nlock_owner: -\nlock_expires_at: -\nrow_before: {''line'': 6, ''raw'': ''| 002 | 配布 \\| 検証 <script>alert(1)</script> | PLAN | CMD | WORK@2025-10-07T12:00:00Z | WORK | 2025-10-07T12:30:00Z | None | - | - |''}','\n',char(10)));
CREATE TABLE work_outcomes (
	number INTEGER NOT NULL, 
	outcome_hash VARCHAR(64) NOT NULL, 
	task_id VARCHAR(255) NOT NULL, 
	operation_type VARCHAR(255) NOT NULL, 
	script VARCHAR(255) NOT NULL, 
	success BOOLEAN NOT NULL, 
	counts BOOLEAN NOT NULL, 
	execution_time_ms FLOAT NOT NULL, 
	error_message TEXT, 
	files_modified JSON NOT NULL, 
	ps1_parameters_used JSON NOT NULL, 
	performance_metrics JSON NOT NULL, 
	ts VARCHAR(32) NOT NULL, 
	source VARCHAR(16) NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (outcome_hash)
);
INSERT INTO work_outcomes VALUES(1,'b7d22178cb7ad7e8296fe13019c47398808d13ef04a7ccb14765eeb9b67862a3','001','作業\報告','作業\報告',1,1,12.5,NULL,'[]','{}','{}','2025-10-09T03:04:34.000000Z','api');
INSERT INTO work_outcomes VALUES(2,'bf2b05b0de9de53b1e78eb8fd5a4ac95e900406562b86836865b0d68de489510','004','dispatch','WORK_AI_02',1,1,5000.0,NULL,'["ORCH/REPORTS/\u51fa\u8377.md"]','{"script_name": "WORK_AI_02"}','{"attempt": 1, "generation": 1, "outcome": "done", "exit_status": null}','2025-10-09T03:04:27.000000Z','dispatcher');
CREATE TABLE live_counter (
	name VARCHAR(16) NOT NULL, 
	value BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO live_counter VALUES('seq',5);
CREATE TABLE live_events (
	seq INTEGER NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	payload TEXT NOT NULL, 
	ts VARCHAR(32) NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO live_events VALUES(1,'task_updated','{"task_id":"001","状態":"REVIEW"}','2025-10-09T03:04:37.000000Z');
INSERT INTO live_events VALUES(2,'task_updated','{"task_id":"002","状態":"HOLD"}','2025-10-09T03:04:38.000000Z');
INSERT INTO live_events VALUES(3,'task_updated','{"task_id":"deploy-004","状態":"DONE"}','2025-10-09T03:04:39.000000Z');
INSERT INTO live_events VALUES(4,'task_updated','{"task_id":"003","状態":"DOING"}','2025-10-09T03:04:40.000000Z');
INSERT INTO live_events VALUES(5,'task_updated','{"task_id":"004","状態":"REVIEW"}','2025-10-09T03:04:41.000000Z');
CREATE TABLE live_rows (
	kind VARCHAR(32) NOT NULL, 
	record_id VARCHAR(512) NOT NULL, 
	rev VARCHAR(128) NOT NULL, 
	PRIMARY KEY (kind, record_id)
);
INSERT INTO live_rows VALUES('approval','A001','56b2c667c1bb4ffe');
INSERT INTO live_rows VALUES('approval','A002','d01d24301e09967f');
INSERT INTO live_rows VALUES('approval','A003','fa7c32ed72dd503c');
INSERT INTO live_rows VALUES('milestone','M1','3a8bae9cf36ba3f7');
INSERT INTO live_rows VALUES('baseline','','1');
INSERT INTO live_rows VALUES('task','001','0000000000000000');
INSERT INTO live_rows VALUES('task','002','0000000000000001');
INSERT INTO live_rows VALUES('task','deploy-004','0000000000000002');
INSERT INTO live_rows VALUES('task','003','0000000000000003');
INSERT INTO live_rows VALUES('task','004','0000000000000004');
PRAGMA writable_schema=ON;
INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','search_words','search_words',0,'CREATE VIRTUAL TABLE search_words USING fts5(words, tokenize=''ascii'')');
CREATE TABLE IF NOT EXISTS 'search_words_data'(id INTEGER PRIMARY KEY, block BLOB);
INSERT INTO search_words_data VALUES(1,X'0b8328');
INSERT INTO search_words_data VALUES(10,X'000000000103030003010101020101030101');
INSERT INTO search_words_data VALUES(137438953473,X'0000003d04303030310102020107737563636573730102070106e4bd9ce6a5ad0102030103e5918a0102060205a0b1e5918a0102050103e6a5ad01020404080c0b080a');
INSERT INTO search_words_data VALUES(274877906945,X'000000b1043030303402020202013202021401013102040b040102616902021302067474656d707402020a0108646973706174636802020302036f6e6502020f010a67656e65726174696f6e02020c01026d6402020901046e616d6502021101046f72636802020502067574636f6d6502020e01077265706f727473020206010673637269707402021002067563636573730202040104776f726b0202120106e587bae88db70202070103e88db702020804080607070b0d080f0709090b0c0b0b090b');
INSERT INTO search_words_data VALUES(412316860417,X'0000065e033030300b02260301320b060205140301330306020508020602050e0208020520100301340406020508020602050e020802052010010802051b140106020c2403017a0b042708020131070808080c11020132080808080c110108081c1a0a0104191b02013407021201021201023e0102220204377431320b0425080204397430330704110f0104110f0106132c0a01022101013107042904010429040104240401023401021e0201300704100f0104100f0106122c0a01022001042408023f3165353266366663626431633234323034663565323862353063323039616134396366663131633731373737323139613830343264633133386533363637380a02360202397a0704130f01043230323507040f0f01040f0f0106112c0a01021f010423080202327a0804130f0106152c0a0202387a0a0223010233300b022c02013407021f01021f010414340101360b021501013805020f02022f01013906020f02022f01022e0104613030340a040506020169070807080c11010807080c110108071c1a0a0104181b02046c6572740b021d02037070720a020705046f76616c0a0203070265720a041a0302077274696661637403022201021d05021602017403022001021b03021b01021b010210020211030574656d707407022801022801022301066265666f726505020d01020d01022d01022d01022c0202130201790a021601016303020f02021402023402066c61696d656407020401020402026d640b022102056f7265696407022401022401021f01022f020672656174656403020401020401036465630a022502096973706174636865720a020602046f696e6707020a01020a01023603026e650902280202756503022101021c02027767030213020218020238010865766964656e63650a0226020678706972657303021f01021a03021a01021a01020f020210010a67656e65726174696f6e07022a01022a010225010233010468656c640b020402036f6c640b020b0102696403020a01020a03022201022201021d010608052401036a6f6207022101022101021c01022c01046c696e6505020e01020e01022e01022e01022d02021402036f636b03061b0304010616030403060b0b0701060b0b0701060b030402060c030401026d6409021b01022b020665737361676509022901046e6f6e650b022e030374657303022301021e01026f700a020d0302656e0a0238020372636809021701022702067574636f6d650902270204776e6572030419060104140603021501021501020d02020e010770656e64696e670a021402036c616e03021801021301021c0102170502200207726f6d6f746564050204010204010372617705021001021001023001023001022f02021602046561647905020b01020b01023c0102370306706f727465640902040701730902180102280301710a021e04067565737465640a04041303047669657709020a02036f6c650a021c03017705020c01020c01022c01022c01022b02021201067363726970740b041c05020568613235360a02350204746174650a02370502757303021701021201020a01020a01020901020901020901021301020a01047461736b03020301020301020301020301020301020301020301020a010203020469746c6503020c01020c0201730a041d090104776f726b03021a01021501021d010218010a06080c111a010a06080c1115010a061c19030a0104171b010422080106e381aee5a0b104020f0202140202340102330403e7a2ba030214020219020239020582afe5ae8c0a02100304b9e382af0a020f0304bfe382b90a020e0103e4b8800302120202170202370202ba860a02120202bba40302070102070102070102070502070106e587bae88db704020d0202120202320104191a01022902058fb8e4bba40302060102060102060102060502060202918a04021102021602023601023502059bb3e99da203040d0502041205020432050205a0b1e5918a0402100202150202350102340205a4aae9838e0302080102080102080102080502080205ae8ce4ba860a02110202b8830b02190106e6a49ce8a8bc0b021a0202b88809022a0106e7a2bae8aa8d03021502021a02023a0103e88db709021a01022a0403e381ae04020e0202130202330102320202a8bc0b021b0202aa8d03021602021b02023b0103e9838e0302090102090102090102090502090205858de5b8830b021802029da203040e050204130502043305040708131e0709130f0a16151744081a0d07070d06090c0a19090809081215101a060c0e07130e080e0f070a0d0d1a180908181118230a0b090b07070b0b1a0c140f17120b09060c0908150c0a091f210c072f140e0a09090e07131816101313160a070b07110b11070d140a');
CREATE TABLE IF NOT EXISTS 'search_words_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
INSERT INTO search_words_idx VALUES(1,X'',2);
INSERT INTO search_words_idx VALUES(2,X'',2);
INSERT INTO search_words_idx VALUES(3,X'',2);
CREATE TABLE IF NOT EXISTS 'search_words_content'(id INTEGER PRIMARY KEY, c0);
INSERT INTO search_words_content VALUES(1,'001 作業 業 報告 告 success');
INSERT INTO search_words_content VALUES(2,'004 dispatch success orch reports 出荷 荷 md attempt 1 generation 1 outcome done script name work ai 02');
INSERT INTO search_words_content VALUES(3,'003 task created 003 司令 令 太郎 郎 id 003 title 図面 面 c 図面 面 一 dwg の確 確認 認 status plan owner work lock lock owner lock expires at due artifact notes');
INSERT INTO search_words_content VALUES(4,'004 task created 004 司令 令 太郎 郎 id 004 title 出荷 荷の の報 報告 告 status plan owner work lock lock owner lock expires at due artifact notes');
INSERT INTO search_words_content VALUES(5,'003 task promoted 003 司令 令 太郎 郎 status ready row before line 8 raw 003 図面 面 c 図面 面 一 dwg の確 確認 認 plan work');
INSERT INTO search_words_content VALUES(6,'004 task promoted 004 司令 令 太郎 郎 status ready row before line 9 raw 004 出荷 荷の の報 報告 告 plan work');
INSERT INTO search_words_content VALUES(7,'003 task claimed 003 work ai 01 status doing lock work ai 01 2025 10 09t03 04 19z lock owner work ai 01 lock expires at 2025 10 09t03 34 19z job id 003 coreid work ai 01 attempt 1 generation 1 row before line 8 raw 003 図面 面 c 図面 面 一 dwg の確 確認 認 ready work');
INSERT INTO search_words_content VALUES(8,'004 task claimed 004 work ai 02 status doing lock work ai 02 2025 10 09t03 04 22z lock owner work ai 02 lock expires at 2025 10 09t03 34 22z job id 004 coreid work ai 02 attempt 1 generation 1 row before line 9 raw 004 出荷 荷の の報 報告 告 ready work');
INSERT INTO search_words_content VALUES(9,'004 task reported 004 work ai 02 status review lock lock owner lock expires at 2025 10 09t03 34 22z artifact orch reports 出荷 荷 md job id 004 coreid work ai 02 attempt 1 generation 1 outcome done message 済 row before line 9 raw 004 出荷 荷の の報 報告 告 doing work work ai 02 2025 10 09t03 04 22z work ai 02 2025 10 09t03 34 22z');
INSERT INTO search_words_content VALUES(10,'004 approval requested a004 dispatcher appr id a004 task id 004 op タス スク ク完 完了 了 status pending requested by work ai 02 approver approver role ts req 2025 10 09t03 04 28z ts dec evidence orch reports 出荷 荷 md job id 004 coreid work ai 02 generation 1 sha256 11e52f6fcbd1c24204f5e28b50c209aa49cff11c71777219a8042dc138e36678 state open');
INSERT INTO search_words_content VALUES(11,'002 task held 002 司令 令 太郎 郎 status hold lock lock owner lock expires at row before line 6 raw 002 配布 布 検証 証 script alert 1 script plan cmd work 2025 10 07t12 00 00z work 2025 10 07t12 30 00z none');
CREATE TABLE IF NOT EXISTS 'search_words_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
INSERT INTO search_words_docsize VALUES(1,X'06');
INSERT INTO search_words_docsize VALUES(2,X'13');
INSERT INTO search_words_docsize VALUES(3,X'22');
INSERT INTO search_words_docsize VALUES(4,X'1d');
INSERT INTO search_words_docsize VALUES(5,X'1c');
INSERT INTO search_words_docsize VALUES(6,X'17');
INSERT INTO search_words_docsize VALUES(7,X'3c');
INSERT INTO search_words_docsize VALUES(8,X'37');
INSERT INTO search_words_docsize VALUES(9,X'46');
INSERT INTO search_words_docsize VALUES(10,X'37');
INSERT INTO search_words_docsize VALUES(11,X'2d');
CREATE TABLE IF NOT EXISTS 'search_words_config'(k PRIMARY KEY, v) WITHOUT ROWID;
INSERT INTO search_words_config VALUES('version',4);
CREATE TABLE audit_events (ts TEXT, event TEXT, actor TEXT, task_id TEXT, idem_key TEXT);
INSERT INTO audit_events VALUES('2025-10-01T00:00:00Z','承認','旧','001','k-1');
CREATE TABLE legacy_alerts (id INTEGER PRIMARY KEY, level TEXT, message TEXT);
INSERT INTO legacy_alerts VALUES(1,'warning','旧の警告');
CREATE TABLE metrics (name TEXT, value REAL);
INSERT INTO metrics VALUES('cpu',1.5);
CREATE INDEX ix_alerts_first_at ON alerts (first_at);
CREATE INDEX ix_approval_requests_task_id ON approval_requests (task_id);
CREATE INDEX ix_approval_requests_state ON approval_requests (state);
CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);
CREATE INDEX ix_journal_event ON journal (event);
CREATE INDEX ix_journal_record ON journal (kind, substr(record_id, 1, 100), id);
CREATE INDEX ix_journal_rev_after ON journal (rev_after);
CREATE INDEX ix_learned_models_script ON learned_models (script);
CREATE INDEX ix_leases_state ON leases (state);
CREATE INDEX ix_rule_violations_rule_id ON rule_violations (rule_id);
CREATE INDEX ix_rule_violations_fingerprint ON rule_violations (fingerprint);
CREATE INDEX ix_rule_violations_resolved_at ON rule_violations (resolved_at);
CREATE INDEX ix_search_documents_ts ON search_documents (ts);
CREATE INDEX ix_work_outcomes_task_id ON work_outcomes (task_id);
CREATE INDEX ix_work_outcomes_source ON work_outcomes (source);
CREATE INDEX ix_work_outcomes_script ON work_outcomes (script);
CREATE INDEX ix_work_outcomes_ts ON work_outcomes (ts);
PRAGMA writable_schema=OFF;
COMMIT;
