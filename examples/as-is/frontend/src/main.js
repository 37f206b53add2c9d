document.querySelector('#app').textContent = '결재 요청'
